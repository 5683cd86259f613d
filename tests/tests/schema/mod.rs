//! The contract: the printed SDL is the committed one, and nothing leaves it in silence.

use std::collections::BTreeSet;

use api::graphql::schema;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use tests::town::root;

const MEND: &str = "run `make bless` and look at the difference; what went needs a line with BREAKING and its full name under Unreleased in CHANGELOG.md";

#[test]
fn the_committed_sdl_is_what_the_server_prints() {
    let path = root().join("frontend-schema/schema.graphql");
    let printed = schema::sdl();
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).expect("the changelog is there");
    let unsaid = gone_in_silence(&committed, &printed, &changelog);
    assert!(unsaid.is_empty(), "gone from the contract: {unsaid:?}; {MEND}");
    if std::env::var("GRIDWARD_BLESS").is_ok_and(|value| value == "1") {
        std::fs::write(&path, printed).expect("the file can be written");
        return;
    }
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
fn what_goes_is_named_as_breaking_in_the_changelog() {
    let before = "type Query { a: Int ab: Int b(c: Int): Int }";
    let check = |after: &str, changelog: &str, unsaid: &[&str]| {
        assert_eq!(gone_in_silence(before, after, changelog), unsaid, "{changelog}");
    };
    let without_a = "type Query { ab: Int b(c: Int): Int }";
    check(without_a, "# Changelog\n\n## Unreleased\n\n### Removed\n\n- `Query.a` is gone (BREAKING).\n", &[]);
    check(
        without_a,
        "## Unreleased\n\n- `max_sockets` has moved (BREAKING).\n- `Query.a` is gone.\n",
        &["Query.a"],
    );
    check(without_a, "\n## Unreleased\n\n- `Query.ab` is gone (BREAKING).\n", &["Query.a"]);
    check(without_a, "\n## Unreleased\n\n## 0.1.0\n\n- `Query.a` is gone (BREAKING).\n", &["Query.a"]);
    check(without_a, "\n## 0.1.0\n\n- `Query.a` is gone (BREAKING).\n", &["Query.a"]);
    check("type Query { a: Int ab: Int }", "\n## Unreleased\n\n- BREAKING: `Query.b` is gone.\n", &[]);
    check(
        "type Query { a: Int ab: Int b: Int }",
        "\n## Unreleased\n\n- BREAKING: `Query.b`.\n",
        &["Query.b(c)"],
    );
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

/// What the contract had and has no more, except what a line under Unreleased calls BREAKING by its full name.
/// The arguments of a field go with it.
fn gone_in_silence(before: &str, after: &str, changelog: &str) -> Vec<String> {
    let (before, after) = (fields(before), fields(after));
    let from_line_break = format!("\n{changelog}");
    let unreleased = from_line_break.split("\n## ").find(|section| section.starts_with("Unreleased\n"));
    let lines = unreleased.unwrap_or_default().lines();
    let breaking: Vec<&str> = lines.filter(|line| line.contains("BREAKING")).collect();
    let is_said = |name: &str| breaking.iter().any(|line| names(line, name));
    let gone = before.difference(&after).filter(|name| {
        let field = name.split('(').next().unwrap_or(name);
        !is_said(name) && (after.contains(field) || !is_said(field))
    });
    gone.cloned().collect()
}

/// Whether a line has a name in backticks, as a whole.
fn names(line: &str, name: &str) -> bool {
    line.split('`').skip(1).step_by(2).any(|quoted| quoted == name)
}

/// Every field, argument, value of an enum and member of a union, by its full name.
fn fields(sdl: &str) -> BTreeSet<String> {
    if sdl.trim().is_empty() {
        return BTreeSet::new();
    }
    let document = parse_schema(sdl).expect("the SDL parses");
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
