"The files that options come from, and which of them has the last word."

import pytest

from identity import config


@pytest.fixture
def etc(tmp_path, monkeypatch):
    monkeypatch.setenv("ALTOSTRATUS_ETC", str(tmp_path))

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    write("altostratus.conf", f"[DEFAULT]\nstate_dir = {tmp_path}\nhost = a\n[bus]\nurl = b\n")
    return write


def test_what_is_closer_to_the_service_has_the_last_word(etc):
    assert config.load().host == "a"
    etc("identity.conf", "[DEFAULT]\nhost = c\n[token]\nexpiration_s = 60\n")
    etc("altostratus.conf.d/site.conf", "[DEFAULT]\nhost = d\n[bus]\nurl = e\n")
    etc("identity.conf.d/10-site.conf", "[token]\nexpiration_s = 70\nremembered = 1\n")
    etc("identity.conf.d/20-site.conf", "[token]\nexpiration_s = 80\n")
    etc("identity.conf.d/30-site.conf.bak", "[token]\nexpiration_s = 90\n")
    etc("image.conf.d/site.conf", "[token]\nexpiration_s = 100\n")
    loaded = config.load()
    assert (loaded.host, loaded.bus.url) == ("c", "e")
    assert (loaded.token.expiration_s, loaded.token.remembered) == (80, 1)


def test_sections_that_options_name_are_read_too(etc):
    etc("identity.conf.d/sso.conf", "[federation]\noidc_clients = corp\n[oidc_corp]\nclient_id=x\n")
    loaded = config.load()
    assert loaded["oidc_corp"].client_id == "x"
    assert loaded["oidc_corp"].scopes == ["openid", "email", "profile"]
