"""The lengths of the lists of introspection."""

from math import ceil

from graphql import GraphQLInputObjectType, GraphQLSchema, is_abstract_type, is_object_type

from seggraph.transport.cost.limits import FieldCost


def lengths(schema: GraphQLSchema) -> dict[str, FieldCost]:
    """The lengths of introspection's lists: what a type has on average: who asks for all asks for each once."""
    types = [one for one in schema.type_map.values() if not one.name.startswith("__")]
    objects = [one for one in types if is_object_type(one) or isinstance(one, GraphQLInputObjectType)]
    fields = sum(len(one.fields) for one in objects)
    arguments = sum(len(f.args) for one in types if is_object_type(one) for f in one.fields.values())
    values = sum(len(getattr(one, "values", ())) for one in types)
    interfaces = sum(len(getattr(one, "interfaces", ())) for one in types)
    possible = sum(len(schema.get_possible_types(one)) for one in types if is_abstract_type(one))

    def average(total: int, number: int) -> FieldCost:
        return FieldCost(items=ceil(total / max(number, 1)))

    count = len(types)
    return {
        "__Schema.types": FieldCost(items=len(schema.type_map)),
        "__Schema.directives": FieldCost(items=len(schema.directives)),
        "__Type.fields": average(fields, count),
        "__Type.inputFields": average(fields, count),
        "__Type.enumValues": average(values, count),
        "__Type.interfaces": average(interfaces, count),
        "__Type.possibleTypes": average(possible, count),
        "__Field.args": average(arguments, fields),
        "__Directive.args": FieldCost(items=2),
    }
