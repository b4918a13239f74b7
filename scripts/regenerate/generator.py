"""Generates the package of a contract with openapi-python-client, and adds the modules with the keywords of an edit.

Used by `python -m regenerate`, and by the review for each of its two sides.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
from typing import TYPE_CHECKING, Any

from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.openapi import GeneratorData
from openapi_python_client.parser.properties import EnumProperty, ModelProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.union import UnionProperty

from contract import with_since
from contract.keywords import keyword_of, settable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from openapi_python_client.parser.openapi import Endpoint
    from openapi_python_client.parser.properties.protocol import PropertyProtocol


def generate(document: Any, openapi: Path, package: Path, *, templates: Path, with_hooks: bool) -> Sequence[str]:
    """Generate a package into a new folder, and return the errors and warnings of the generator.

    Args:
        document: The contract, as plain JSON values.
        openapi: The folder with the settings of the generator and with the templates of the added modules (`callers/`);
            each may be missing.
        package: The folder to create.
        templates: The folder with our overrides of the generator's templates; it may be missing.
        with_hooks: Whether to run the `post_hooks` of the settings, which format it.
    """
    try:
        return _generate(with_since(document), openapi, package, templates, with_hooks=with_hooks)
    except Exception as error:  # noqa: BLE001  # settings and templates may raise anything
        return [" ".join(f"{type(error).__name__}: {error}".split())]


def _generate(document: Any, openapi: Path, package: Path, templates: Path, *, with_hooks: bool) -> Sequence[str]:
    file = openapi / "generator.yaml"
    settings = ConfigFile.load_from_path(file) if file.exists() else ConfigFile()
    hooks, settings.post_hooks = settings.post_hooks or [], []
    config = Config.from_sources(settings, MetaType.NONE, "", "utf-8", overwrite=False, output_path=package)
    data = GeneratorData.from_dict(document, config=config)
    if isinstance(data, GeneratorError):
        return [_message(data)]
    project = Project(openapi=data, config=config, custom_template_path=templates if templates.is_dir() else None)
    with contextlib.redirect_stdout(io.StringIO()):
        errors = project.build()
    if errors:
        return [_message(error) for error in errors]
    endpoints = [each for tag in data.endpoint_collections_by_tag.values() for each in tag.endpoints]
    for endpoint in endpoints[:1]:  # the contract has one operation
        _write_modules(project, document, endpoint, openapi / "callers")
    for hook in hooks if with_hooks else ():
        done = subprocess.run(hook, shell=True, cwd=package, capture_output=True, text=True, check=False)  # noqa: S602  # the generator runs them in a shell, too
        if done.returncode:
            return [f"{hook} failed: {(done.stderr or done.stdout).strip()}"]
    return []


def _message(error: GeneratorError) -> str:
    return " ".join(" ".join(filter(None, (error.header, error.detail))).split())


def _write_modules(project: Project, document: Any, endpoint: Endpoint, templates: Path) -> None:
    properties = list(_properties(document, endpoint))
    params = [_param(*each) for each in properties]
    imports = {
        line for *_, each in properties for line in each.get_imports(prefix=".") | each.get_lazy_imports(prefix=".")
    }
    for template in sorted(templates.glob("*.jinja")):
        text = project.env.from_string(template.read_text(encoding="utf-8")).render(
            params=params, imports=sorted(imports)
        )
        (project.package_dir / template.stem).write_text(text, encoding="utf-8")


def _properties(document: Any, endpoint: Endpoint) -> Iterator[tuple[str, Any, PropertyProtocol]]:
    """Yield what an edit can set: its location, its node in the contract, and its property in the generator."""
    nodes = {(location, name): node for location, name, _, node in settable(document)}
    body = endpoint.bodies[0].prop if endpoint.bodies else None
    fields: list[PropertyProtocol] = []
    if isinstance(body, ModelProperty):
        fields = [*(body.required_properties or ()), *(body.optional_properties or ())]
    locations = (("body", fields), ("query", endpoint.query_parameters), ("header", endpoint.header_parameters))
    for location, properties in locations:
        for each in properties:
            yield location, nodes[location, each.name.get_untrusted_value()], each


def _param(location: str, node: Any, generated: PropertyProtocol) -> dict[str, Any]:
    """Return the template variables of one thing that an edit can set."""
    name = generated.name.get_untrusted_value()
    return {
        "keyword": keyword_of(name, node),
        "location": location,
        "wire_name": name,
        "python_name": str(generated.python_name),
        "type": _type(generated) if generated.required else f"{_type(generated)} | Unset",
        "is_required": generated.required,
        "description": " ".join(str(node.get("description", "")).split()),
    }


def _type(generated: PropertyProtocol) -> str:
    """Return the type of an argument: for an enum also its plain values, for a list any sequence."""
    if isinstance(generated, EnumProperty):
        return f"{generated.class_info.name} | Literal[{', '.join(map(repr, generated.values.values()))}]"
    if isinstance(generated, UnionProperty):
        return " | ".join(_type(each) for each in generated.inner_properties)
    if isinstance(generated, ListProperty):
        return f"Sequence[{_type(generated.inner_property)}]"
    return generated.get_type_string(no_optional=True).as_unembedded_code()
