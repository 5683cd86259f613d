//! The contract: the printed SDL is the committed one, and nothing leaves it in silence.

use std::collections::BTreeSet;

use api::graphql::schema;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use tests::town::root;

const MEND: &str =
    "run `make bless`, look at the difference, and say BREAKING in CHANGELOG.md where something went";

#[test]
fn the_committed_sdl_is_what_the_server_prints() {
    let path = root().join("frontend-schema/schema.graphql");
    let printed = schema::sdl();
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if std::env::var("GRIDWARD_BLESS").is_ok_and(|value| value == "1") {
        let gone: Vec<String> = fields(&committed).difference(&fields(&printed)).cloned().collect();
        assert!(
            gone.is_empty() || breaking_is_said(),
            "{gone:?} would go; say BREAKING in CHANGELOG.md first"
        );
        std::fs::write(&path, printed).expect("the file can be written");
        return;
    }
    let gone: Vec<String> = fields(&committed).difference(&fields(&printed)).cloned().collect();
    assert!(gone.is_empty() || breaking_is_said(), "gone from the contract: {gone:?}; {MEND}");
    assert!(
        committed == printed,
        "frontend-schema/schema.graphql differs from what the server prints; {MEND}"
    );
}

#[test]
fn a_field_that_went_is_noticed() {
    let before = fields("type Query { a: Int b(c: Int): Int } enum E { X Y } input I { f: Int }");
    let after = fields("type Query { b: Int } enum E { X } input I { f: Int }");
    let gone: Vec<&String> = before.difference(&after).collect();
    assert_eq!(gone, ["E.Y", "Query.a", "Query.b(c)"]);
}

#[test]
fn every_field_and_argument_of_the_contract_is_described() {
    let document = parse_schema(schema::sdl()).expect("the SDL parses");
    let mut bare = Vec::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let definition = definition.node;
        let name = definition.name.node.to_string();
        if definition.description.is_none() && !["Query", "Mutation", "Subscription"].contains(&name.as_str())
        {
            bare.push(name.clone());
        }
        match definition.kind {
            TypeKind::Object(object) => {
                let fields = object.fields.into_iter().filter(|field| field.node.description.is_none());
                bare.extend(fields.map(|field| format!("{name}.{}", field.node.name.node)));
            }
            TypeKind::InputObject(input) => {
                let fields = input.fields.into_iter().filter(|field| field.node.description.is_none());
                bare.extend(fields.map(|field| format!("{name}.{}", field.node.name.node)));
            }
            _ => {}
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:?}");
}

fn breaking_is_said() -> bool {
    std::fs::read_to_string(root().join("CHANGELOG.md")).is_ok_and(|text| {
        text.split("\n## ").nth(1).is_some_and(|unreleased| unreleased.contains("BREAKING"))
    })
}

/// Every field, argument, value of an enum and member of a union, by its full name.
fn fields(sdl: &str) -> BTreeSet<String> {
    let Ok(document) = parse_schema(sdl) else { return BTreeSet::new() };
    let mut names = BTreeSet::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let of = definition.node.name.node.to_string();
        let output = match definition.node.kind {
            TypeKind::Object(object) => object.fields,
            TypeKind::Interface(interface) => interface.fields,
            TypeKind::InputObject(input) => {
                names.extend(input.fields.iter().map(|field| format!("{of}.{}", field.node.name.node)));
                Vec::new()
            }
            TypeKind::Enum(values) => {
                names.extend(values.values.iter().map(|value| format!("{of}.{}", value.node.value.node)));
                Vec::new()
            }
            TypeKind::Union(union) => {
                names.extend(union.members.iter().map(|member| format!("{of}|{}", member.node)));
                Vec::new()
            }
            TypeKind::Scalar => Vec::new(),
        };
        for field in output {
            let name = format!("{of}.{}", field.node.name.node);
            let arguments = field.node.arguments.iter();
            names.extend(arguments.map(|argument| format!("{name}({})", argument.node.name.node)));
            names.insert(name);
        }
    }
    names
}
