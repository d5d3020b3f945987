"""Write the OpenAPI documents of the public APIs. usage: make openapi"""

from scripts.openapi.apis import APIS
from scripts.openapi.document import FOLDER, render

FOLDER.mkdir(exist_ok=True)
for name, api in APIS.items():
    file = FOLDER / f"{name}.json"
    file.write_text(render(api))
    print(f"{name}: {len(api.operations)} operations in {file.relative_to(FOLDER.parents[1])}")
