"""What schemathesis puts into its documents, and what it holds every answer to; `attack.py` runs it with a plan.

By itself schemathesis makes up every value, and nearly every document would end at a district that does not exist. So most
values give way to ones that the server knows. What is not valid on purpose stays as it is: its plan knows nothing.
"""

import collections
import json
import os
import pathlib

import graphql
import schemathesis
from hypothesis import strategies

PLAN = json.loads(pathlib.Path(os.environ["ATTACK_PLAN"]).read_text(encoding="utf-8"))
# How many of the values give way. A document has many, and one that is wrong is enough for it to be refused.
SHARE = 0.95


PROBLEMS = graphql.parse("{ problems { code } }")


def name(selection):
    """What a selection is called in the answer; a fragment is nothing."""
    return isinstance(selection, graphql.FieldNode) and (selection.alias or selection.name).value


class Planting(graphql.Visitor):
    """Puts what is known in the place of what was made up, and leaves one field where a type takes just one."""

    def __init__(self, schema, types, random):
        super().__init__()
        self.mutation = schema.mutation_type
        self.types = types
        self.random = random

    def enter_object_value(self, node, *_):
        kind = graphql.get_named_type(self.types.get_input_type())
        given = [field for field in node.fields if not isinstance(field.value, graphql.NullValueNode)]
        if kind is None or kind.name not in PLAN["one_of"] or not given or len(node.fields) == 1:
            return None
        return graphql.ObjectValueNode(fields=(self.random.choice(given),))

    def leave_field(self, node, *_):
        """What a mutation says of itself is always asked for."""
        inside = node.selection_set
        if self.types.get_parent_type() is not self.mutation or "problems" in map(name, inside.selections):
            return None
        selections = (*inside.selections, *PROBLEMS.definitions[0].selection_set.selections)
        selected = graphql.SelectionSetNode(selections=selections)
        return graphql.FieldNode(
            alias=node.alias, name=node.name, arguments=node.arguments, directives=node.directives, selection_set=selected
        )

    def leave_argument(self, node, *_):
        return self.planted(node)

    def leave_object_field(self, node, *_):
        return self.planted(node)

    def planted(self, node):
        kind = self.types.get_input_type()
        if kind is None or self.random.random() > SHARE:
            return None
        values = PLAN["known"].get(node.name.value) or PLAN["known"].get(graphql.get_named_type(kind).name)
        if not values:
            return None
        value = graphql.ast_from_value(self.random.choice(values), kind)
        return value and type(node)(name=node.name, value=value)


@schemathesis.hook
def flatmap_body(ctx, body):
    if not PLAN["known"]:
        return strategies.just(body)
    types = ctx.operation.schema.client_schema

    def plant(random):
        information = graphql.TypeInfo(types)
        return graphql.visit(body, graphql.TypeInfoVisitor(information, Planting(types, information, random)))

    return strategies.randoms(use_true_random=True).map(plant)


def worked(value, mutation):
    """Whether a field came to an answer; a mutation where it says that nothing was wrong."""
    if isinstance(value, list):
        return any(worked(one, mutation) for one in value)
    if mutation and isinstance(value, dict):
        return value.get("problems") == []
    return value is not None


@schemathesis.check
class AnswersKeepTheirWord:
    """No failure of the server, and no code that docs/errors.md does not name; counts what was asked."""

    def __init__(self):
        self.asked, self.worked, self.codes = (collections.Counter() for _ in range(3))

    def after_response(self, ctx, response, case):
        field = case.operation.label
        self.asked[field] += 1
        assert response.status_code < 500, f"status {response.status_code}"
        answer = response.json()
        codes = [error.get("extensions", {}).get("code") for error in answer.get("errors", ())]
        self.codes.update(codes)
        for value in (answer.get("data") or {}).values():
            self.worked[field] += not codes and worked(value, field.startswith("Mutation."))
        strange = [code for code in codes if code not in PLAN["codes"]]
        assert not strange, f"codes that no answer here may have: {strange}"

    def after_run(self, ctx):
        told = {"asked": self.asked, "worked": self.worked, "codes": self.codes}
        pathlib.Path(PLAN["told"]).write_text(json.dumps(told), encoding="utf-8")
