"""Functions have few permissions, each on named resources."""

from tests.architecture.template import as_list, statements_of


def test_statement_names_its_actions_and_resources(functions) -> None:
    for name, properties in functions.items():
        for statement in statements_of(properties):
            assert statement["Effect"] == "Allow", name
            assert not [each for each in as_list(statement["Action"]) if "*" in each], name
            assert "*" not in as_list(statement["Resource"]), name


def test_function_has_no_permissions_beside_its_statements(functions) -> None:
    for name, properties in functions.items():
        assert "Role" not in properties, name
        assert all(policy.keys() == {"Statement"} for policy in properties["Policies"]), name
