"The parts of devstack that need no machine: paths, files, the table of programs, refusals."

import configparser
import json
import socket
import subprocess

import pytest

from devstack import __main__ as command
from devstack import environment, images, preflight, programs, settings, supervision, up
from devstack.paths import BadInstance, Paths
from devstack.progress import Refused


@pytest.fixture
def paths(tmp_path):
    return Paths.of({"ALTOSTRATUS_ROOT": str(tmp_path)})


def made(paths, packages):
    return settings.make(
        paths, packages, address="192.0.2.7", shared=programs.Shared(), netdev=True
    )


def test_everything_lies_under_the_root(paths, tmp_path):
    for folder in (paths.etc, paths.state, paths.log, paths.run, paths.venv, paths.cache):
        assert tmp_path in folder.parents


def test_instance_has_its_own_root_and_the_machines_environment():
    found = Paths.of({"ALTOSTRATUS_INSTANCE": "blue"})
    assert str(found.etc) == "/var/lib/altostratus-instances/blue/etc/altostratus"
    assert str(found.venv) == "/opt/altostratus"
    assert found.mark != Paths.of({}).mark


@pytest.mark.parametrize("name", ["Blue", "../x", "1a", "much-too-long-name", "a b"])
def test_instance_name_that_cannot_be_a_host_name(name):
    with pytest.raises(BadInstance, match="small letter"):
        Paths.of({"ALTOSTRATUS_INSTANCE": name})


def test_secrets_stay_and_only_root_reads_them(paths):
    first = settings.load_secrets(paths, ["admin"])
    again = settings.load_secrets(paths, ["admin", "demo"])
    assert again["admin"] == first["admin"] != again["demo"]
    assert (paths.etc / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_second_write_changes_no_file(paths):
    found = made(paths, ["identity", "network"])
    settings.write(found, ["identity", "network"])
    before = {p: p.stat().st_mtime_ns for p in paths.etc.iterdir()}
    settings.write(made(paths, ["identity", "network"]), ["identity", "network"])
    assert {p: p.stat().st_mtime_ns for p in paths.etc.iterdir()} == before


def test_clouds_have_the_names_that_client_suites_expect(paths):
    clouds = json.loads(settings.clouds_yaml(made(paths, ["identity"])))["clouds"]
    assert set(clouds) == {"devstack-admin", "devstack-system-admin", "devstack", "devstack-alt"}
    assert clouds["devstack-system-admin"]["auth"]["system_scope"] == "all"
    assert clouds["devstack"]["auth"]["auth_url"] == "http://192.0.2.7:5000/v3"


def test_openrc_is_shell_that_sets_one_user(paths):
    text = settings.openrc(made(paths, ["identity"]), "demo")
    shown = subprocess.run(
        ["sh", "-c", text + "\necho $OS_USERNAME $OS_PROJECT_NAME"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == ["demo", "demo"]


def test_catalog_has_only_services_of_this_checkout(paths):
    plan = settings.bootstrap(made(paths, ["identity", "compute"]), ["identity", "compute"])
    assert [s["type"] for s in plan["services"]] == ["identity", "compute", "placement"]


def test_rabbitmq_hash_verifies():
    import base64
    import hashlib

    raw = base64.b64decode(settings.rabbit_hash("secret"))
    assert raw[4:] == hashlib.sha256(raw[:4] + b"secret").digest()


def test_supervisor_configuration_keeps_words_apart(paths):
    settings.write(made(paths, []), [])
    program = programs.Program(
        "x", ("sh", "-c", "a $b; c"), programs.INFRA, environment={"P": "5%"}
    )
    supervision.write(paths, [program], {"x": {"BUILD": "1"}})
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(paths.etc / "supervisord.conf")
    assert parser["program:x"]["command"] == "sh -c 'a $b; c'"
    assert 'P="5%%"' in parser["program:x"]["environment"]


def test_names_and_ports_are_unique(paths):
    table = [*programs.infrastructure(paths, programs.Shared()), *programs.SERVICES]
    names = [program.name for program in table]
    ports = [program.port for program in table if program.port]
    assert len(set(names)) == len(names)
    assert len(set(ports)) == len(ports)


def test_daemons_of_the_machine_are_not_started_again(paths):
    shared = programs.Shared(rabbitmq=True, openvswitch=True, libvirt=True)
    names = {program.name for program in programs.infrastructure(paths, shared)}
    assert not names & {"rabbitmq", "epmd", "ovsdb-server", "ovs-vswitchd", "libvirtd", "virtlogd"}
    assert "ovn-controller" in names


def test_port_of_somebody_else_is_named_with_its_process(paths):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Refused, match=rf"port {port} of image is taken.*--instance"):
            preflight.ports(paths, [("image", port)])
    preflight.ports(paths, [("image", port)])


def test_full_disk_is_refused_with_the_way_out(paths, monkeypatch):
    monkeypatch.setattr(preflight, "DISK_GIB", 1e9)
    with pytest.raises(Refused, match="ALTOSTRATUS_ROOT="):
        preflight.machine(paths)


def test_requirements_are_those_of_the_extras(tmp_path):
    setup = tmp_path / "setup.cfg"
    setup.write_text("[options]\ninstall_requires =\n  a\n[options.extras_require]\nx =\n  b >=1\n")
    assert environment.requirements(["x"], setup) == ["a", "b >=1"]


def test_unknown_guest_image(paths):
    with pytest.raises(Refused, match="tiny, debian"):
        images.build(paths, "windows")


def test_recipe_of_an_image_is_its_files():
    assert images.recipe("tiny") == images.recipe("tiny") != images.recipe("debian")


def test_a_restart_returns_when_the_process_answers(monkeypatch, paths):
    did = []

    class Keeper:
        def __init__(self, _):
            pass

        def alive(self):
            return True

        def states(self):
            return {name: {"statename": "RUNNING"} for name in ("image", "rabbitmq")}

        def restart(self, name):
            did.append(name)

    def healthy(program):
        did.append(f"{program.name}?")
        return "no answer" if len(did) < 4 else ""

    monkeypatch.setattr(supervision, "Supervisor", Keeper)
    monkeypatch.setattr("devstack.up.healthy", healthy)
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert command.run(command.parser().parse_args(["restart", "rabbitmq", "image"]), paths) is None
    assert did == ["rabbitmq", "image", "image?", "image?"]
    with pytest.raises(Refused, match="No process 'glance'"):
        command.run(command.parser().parse_args(["restart", "glance"]), paths)


def test_a_file_of_the_operators_restarts_what_reads_it(paths):
    found = made(paths, ["identity", "image"])
    settings.write(found, ["identity", "image"])
    table = {p.name: p for p in programs.SERVICES if p.package in ("identity", "image")}
    before = {name: up.build_of(found, program) for name, program in table.items()}
    settings.write(found, ["identity", "image"])
    assert {name: up.build_of(found, program) for name, program in table.items()} == before
    folder = paths.etc / "identity.conf.d"
    folder.mkdir()
    (folder / 'a "b" %.conf').write_text("[token]\nexpiration_s = 60\n")
    after = {name: up.build_of(found, program) for name, program in table.items()}
    assert {name for name in table if after[name] != before[name]} == {"identity"}
    settings.write(found, ["identity", "image"])
    assert list(folder.iterdir())
