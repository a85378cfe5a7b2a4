"The scheduler: pure functions, so small examples and laws."

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute.scheduler import Host, Request, Settings, rank
from compute.scheduler.extra import matches
from compute.scheduler.json_query import BadQuery, check, holds
from compute.scheduler.numa import cpu_list, misfit, page_size


def host(name="a", **fields):
    room = {"VCPU": 8, "MEMORY_MB": 4096, "DISK_GB": 100}
    return Host(name, **{"node": name, "total": room, "capacity": room, "used": {}, **fields})


def ask(**fields):
    return Request(**{"vcpus": 1, "memory_mib": 512, "disk_gib": 1, **fields})


REFUSALS = [
    (ask(), {"up": False}, "ComputeFilter"),
    (ask(), {"disabled": True}, "ComputeFilter"),
    (ask(memory_mib=9999), {}, "ResourceFilter"),
    (ask(vcpus=9), {}, "ResourceFilter"),
    (ask(zone="east"), {}, "AvailabilityZoneFilter"),
    (ask(force_host="b"), {}, "ForcedHost"),
    (ask(exclude={"a"}), {}, "RetryFilter"),
    (ask(extra_specs={"trait:CUSTOM_X": "required"}), {}, "TraitFilter"),
    (ask(extra_specs={"trait:CUSTOM_X": "forbidden"}), {"traits": {"CUSTOM_X"}}, "TraitFilter"),
    (
        ask(image_properties={"hw_architecture": "aarch64"}),
        {"report": {"arch": "x86_64"}},
        "ImagePropertiesFilter",
    ),
    (
        ask(extra_specs={"capabilities:vcpus": ">= 9"}),
        {"report": {"vcpus": 8}},
        "ComputeCapabilitiesFilter",
    ),
    (ask(group_policy="anti-affinity", group_hosts=["a"]), {}, "ServerGroupFilter"),
    (ask(group_policy="affinity", group_hosts=["b"]), {}, "ServerGroupFilter"),
    (ask(hints={"different_host": "s"}, server_hosts={"s": "a"}), {}, "DifferentHostFilter"),
    (ask(hints={"same_host": ["s"]}, server_hosts={"s": "b"}), {}, "SameHostFilter"),
    (
        ask(extra_specs={"aggregate_instance_extra_specs:ssd": "true"}),
        {"aggregates": [{"ssd": "false"}]},
        "AggregateInstanceExtraSpecsFilter",
    ),
    (
        ask(project_id="p"),
        {"aggregates": [{"filter_tenant_id": "q,r"}]},
        "AggregateMultiTenancyIsolation",
    ),
    (ask(hints={"query": '["<", "$free_ram_mb", 100]'}), {}, "JsonFilter"),
    (
        ask(hints={"build_near_host_ip": "10.0.0.1", "cidr": "/24"}),
        {"report": {"host_ip": "10.0.1.1"}},
        "SimpleCIDRAffinityFilter",
    ),
    (
        ask(extra_specs={"hw:numa_nodes": "2"}),
        {"report": {"numa": [{"cpus": [0], "memory_mib": 9999}]}},
        "NUMATopologyFilter",
    ),
]


@pytest.mark.parametrize(("request_", "fields", "name"), REFUSALS)
def test_a_host_is_refused_by_the_right_filter_with_a_sentence(request_, fields, name):
    result = rank(request_, [host(**fields)])
    assert result.hosts == [] and result.rejected["a"][0] == name
    assert result.sentence().startswith("0 of 1 host(s) fit: ")


def test_no_host_at_all_is_said():
    assert rank(ask(), []).sentence() == "No host has reported yet."


def test_spreading_and_packing():
    empty, full = host("empty"), host("full", used={"MEMORY_MB": 2048, "VCPU": 4})
    assert rank(ask(), [full, empty]).hosts[0].name == "empty"
    assert rank(ask(), [full, empty], Settings(spread=False)).hosts[0].name == "full"


def test_soft_policies_weigh():
    hosts = [host("a"), host("b")]
    near = ask(group_policy="soft-affinity", group_hosts=["b"])
    far = ask(group_policy="soft-anti-affinity", group_hosts=["a"])
    assert rank(near, hosts).hosts[0].name == "b" and rank(far, hosts).hosts[0].name == "b"


@given(st.lists(st.integers(0, 4096), max_size=8), st.integers(1, 4096))
def test_every_chosen_host_has_room_and_every_other_a_reason(used, wanted):
    hosts = [host(f"h{i}", used={"MEMORY_MB": n}) for i, n in enumerate(used)]
    result = rank(ask(memory_mib=wanted), hosts)
    assert all(h.free("MEMORY_MB") >= wanted for h in result.hosts)
    assert {h.name for h in result.hosts} | set(result.rejected) == {h.name for h in hosts}


@pytest.mark.parametrize(
    ("value", "wish", "fits"),
    [
        ("5", ">= 3", True),
        ("2", ">= 3", False),
        ("a", "<or> a <or> b", True),
        ("c", "<or> a <or> b", False),
        (["x", "y"], "<all-in> x y", True),
        (["x"], "<all-in> x y", False),
        ("abc", "<in> b", True),
        ("b", "s< c", True),
        ("x", "x", True),
        (None, "x", False),
        ("word", ">= 3", False),
    ],
)
def test_extra_spec_language(value, wish, fits):
    assert matches(value, wish) is fits


@pytest.mark.parametrize("query", ["", "{", "[]", '["nope", 1]', '["=", "$what", 1]', '["="]', 5])
def test_queries_that_make_no_sense(query):
    with pytest.raises(BadQuery):
        check(query)
    assert not holds(query, host())


@given(
    st.recursive(
        st.integers() | st.text(max_size=5) | st.booleans(),
        lambda x: st.lists(x, max_size=4),
        max_leaves=20,
    )
)
def test_no_query_breaks_the_scheduler(query):
    assert holds(query, host()) in (True, False)


def test_numa():
    cell = {"cpus": [0, 1, 2, 3], "memory_mib": 1024, "pages": {"2048": 100}}
    two = host(report={"numa": [cell, cell]})
    assert misfit(ask(vcpus=4, extra_specs={"hw:numa_nodes": "2"}), two) is None
    assert misfit(ask(memory_mib=512, extra_specs={"hw:mem_page_size": "large"}), two)
    pinned = host(report={"numa": [{**cell, "pinned_cpus": [0, 1, 2]}]})
    assert misfit(ask(vcpus=2, extra_specs={"hw:cpu_policy": "dedicated"}), pinned)
    assert cpu_list("0-3,^2,7") == {0, 1, 3, 7} and page_size("1GB") == 1048576
