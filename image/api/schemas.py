"/v2/schemas/...: what documents look like, for clients that build their objects from it."

from common.http import Api
from image.errors import DefinitionNotFound
from image.schemas import images, members, tasks

api = Api()


@api.get("/v2/schemas/<name>", policy="get_discovery")
def show(deps, name):
    "The schema of images, members and tasks, or of a list of them."
    documents = {
        "image": images.document(deps.config),
        "member": members.MEMBER,
        "task": tasks.TASK,
    }
    if name in documents:
        return documents[name]
    singular = name.removesuffix("s")
    if singular != name and singular in documents:
        item = documents[singular]
        return members.COLLECTION if singular == "member" else images.collection(item, name)
    raise DefinitionNotFound(kind="schema", name=name)
