import pytest

from common import db
from objectstore import app as application
from objectstore import config
from tests.api.objectstore import s3
from tests.api.objectstore.swift import Swift
from tests.support import authenticator, database_url


@pytest.fixture
def conf(tmp_path):
    url = database_url(tmp_path, "objectstore")
    db.upgrade("objectstore", url)
    return config.load(**{"state_dir": str(tmp_path), "database.url": url})


@pytest.fixture
def app(conf):
    app = application.create_app(conf, authenticator("object-store"))
    yield app
    deps = app.extensions["deps"]
    deps.engine.close()
    deps.db.dispose()


@pytest.fixture
def deps(app):
    return app.extensions["deps"]


@pytest.fixture
def swift(app):
    "The owner of an account with a container c."
    swift = Swift(app)
    assert swift.put("c").status_code == 201
    return swift


@pytest.fixture
def identity():
    return s3.Identity()


@pytest.fixture
def url(app, identity):
    with s3.serving(app, identity) as url:
        yield url


@pytest.fixture
def owner(url):
    client = s3.client(url)
    client.create_bucket(Bucket="bucket")
    return client
