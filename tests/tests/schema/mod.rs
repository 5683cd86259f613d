//! The contract: the printed SDL is the committed one, and nothing leaves it in silence.

use std::collections::BTreeMap;

use api::graphql::schema;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{InputValueDefinition, TypeKind, TypeSystemDefinition};
use tests::town::root;

const MEND: &str = "run `make bless` and look at the difference; what went needs a line with BREAKING and its full name under Unreleased in CHANGELOG.md";

#[test]
fn the_committed_sdl_is_what_the_server_prints() {
    let path = root().join("frontend-schema/schema.graphql");
    let printed = schema::sdl();
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let changelog = std::fs::read_to_string(root().join("CHANGELOG.md")).expect("the changelog is there");
    let unsaid = broken_in_silence(&committed, &printed, &changelog);
    assert!(unsaid.is_empty(), "gone from the contract, or not as it was: {unsaid:?}; {MEND}");
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
fn what_the_contract_promises_is_there_with_its_types_and_defaults() {
    let promised = fields(include_str!("contract.graphql"));
    assert!(promised.len() > 100, "{}", promised.len());
    let printed = fields(&schema::sdl());
    let broken: Vec<String> = promised
        .iter()
        .filter(|(name, kind)| printed.get(*name) != Some(kind))
        .map(|(name, kind)| format!("{name}: {kind:?} was promised, {:?} is there", printed.get(name)))
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_field_that_went_or_has_another_type_is_noticed() {
    let before = "type Query { a: Int b(c: Int, d: Int = 1): [Int] } enum E { X Y } input I { f: Int }";
    let check = |after: &str, expected: &[&str]| {
        assert_eq!(broken_in_silence(before, after, ""), expected, "{after}");
    };
    check(
        "type Query { b(d: Int = 1): [Int] } enum E { X } input I { f: Int }",
        &["E.Y", "Query.a", "Query.b(c)"],
    );
    let with = |from: &str, to: &str| before.replace(from, to);
    check(&with("a: Int", "a: Int!"), &[]);
    check(&with("[Int]", "[Int!]!"), &[]);
    check(&with("a: Int", "a: String"), &["Query.a"]);
    check(&with("a: Int", "a: [Int]"), &["Query.a"]);
    check(&with("c: Int", "c: Int!"), &["Query.b(c)"]);
    check(&with("d: Int = 1", "d: Int = 2"), &["Query.b(d)"]);
    check(&with("f: Int", "f: Int!"), &["I.f"]);
    check(&with("f: Int", "f: Int g: Int h: Int! = 1"), &[]);
    check(&with("f: Int", "f: Int g: Int!"), &["I.g"]);
    check(&with("c: Int", "c: Int e: Int!"), &["Query.b(e)"]);
    let surer = with("a: Int", "a: Int!");
    assert_eq!(broken_in_silence(&surer, before, ""), ["Query.a"]);
    assert_eq!(broken_in_silence(before, &format!("{before} type New {{ a(b: Int!): Int }}"), ""), [""; 0]);
}

#[test]
fn what_goes_is_named_as_breaking_in_the_changelog() {
    let before = "type Query { a: Int ab: Int b(c: Int): Int }";
    let check = |after: &str, changelog: &str, unsaid: &[&str]| {
        assert_eq!(broken_in_silence(before, after, changelog), unsaid, "{changelog}");
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

/// What the contract had and has no more, or not as it was, except what a line under Unreleased calls BREAKING by its full
/// name. The arguments of a field go with it.
fn broken_in_silence(before: &str, after: &str, changelog: &str) -> Vec<String> {
    let (before, after) = (fields(before), fields(after));
    let from_line_break = format!("\n{changelog}");
    let unreleased = from_line_break.split("\n## ").find(|section| section.starts_with("Unreleased\n"));
    let lines = unreleased.unwrap_or_default().lines();
    let breaking: Vec<&str> = lines.filter(|line| line.contains("BREAKING")).collect();
    let is_said = |name: &str| breaking.iter().any(|line| names(line, name));
    let broken =
        before.iter().filter(|(name, kind)| after.get(*name).is_none_or(|now| !kind.is_kept_by(now)));
    let broken = broken.map(|(name, _)| name).chain(newly_needed(&before, &after)).filter(|name| {
        let field = name.split('(').next().unwrap_or(name);
        !is_said(name) && (after.contains_key(field) || !is_said(field))
    });
    broken.cloned().collect()
}

/// Arguments and fields of inputs that were not there and that whoever asked before must give now.
fn newly_needed<'a>(before: &'a Fields, after: &'a Fields) -> impl Iterator<Item = &'a String> {
    after.iter().filter_map(|(name, kind)| {
        let within = name.split(['(', '.']).next().unwrap_or(name);
        let was_asked = match name.split_once('(') {
            Some((field, _)) => before.contains_key(field),
            None => before.keys().any(|known| known.split('.').next() == Some(within)),
        };
        let needed = matches!(kind, Kind::Taken { of, default: None } if of.ends_with('!'));
        (needed && was_asked && !before.contains_key(name)).then_some(name)
    })
}

/// Whether a line has a name in backticks, as a whole.
fn names(line: &str, name: &str) -> bool {
    line.split('`').skip(1).step_by(2).any(|quoted| quoted == name)
}

/// Everything that a schema names, by its full name.
type Fields = BTreeMap<String, Kind>;

/// What stands behind a name.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    /// A value of an enum, a member of a union.
    Name,
    /// A field that is answered, of this type.
    Given { of: String },
    /// An argument or a field of an input, of this type.
    Taken { of: String, default: Option<String> },
}

impl Kind {
    /// Whether who knew it as this can go on with what it is now: an answer may become surer, an input may be left out.
    fn is_kept_by(&self, now: &Self) -> bool {
        match (self, now) {
            (Self::Given { of }, Self::Given { of: now }) => is_surer(of, now),
            (Self::Taken { of, default }, Self::Taken { of: now, default: now_default }) => {
                is_surer(now, of) && (default.is_none() || default == now_default)
            }
            _ => self == now,
        }
    }

    fn taken(input: &InputValueDefinition) -> Self {
        let default = input.default_value.as_ref().map(|value| value.node.to_string());
        Self::Taken { of: input.ty.node.to_string(), default }
    }
}

/// Whether a type is another with nothing but more `!`.
fn is_surer(than: &str, surer: &str) -> bool {
    let mut left = than.chars().peekable();
    surer.chars().all(|mark| left.next_if_eq(&mark).is_some() || mark == '!') && left.peek().is_none()
}

/// Every field, argument, value of an enum and member of a union, by its full name.
fn fields(sdl: &str) -> Fields {
    if sdl.trim().is_empty() {
        return Fields::new();
    }
    let document = parse_schema(sdl).expect("the SDL parses");
    let mut found = Fields::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let of = definition.node.name.node.to_string();
        let output = match definition.node.kind {
            TypeKind::Object(object) => object.fields,
            TypeKind::Interface(interface) => interface.fields,
            TypeKind::InputObject(input) => {
                let fields = input.fields.iter().map(|field| &field.node);
                found.extend(fields.map(|field| (format!("{of}.{}", field.name.node), Kind::taken(field))));
                Vec::new()
            }
            TypeKind::Enum(values) => {
                let names = values.values.iter().map(|value| format!("{of}.{}", value.node.value.node));
                found.extend(names.map(|name| (name, Kind::Name)));
                Vec::new()
            }
            TypeKind::Union(union) => {
                let names = union.members.iter().map(|member| format!("{of}|{}", member.node));
                found.extend(names.map(|name| (name, Kind::Name)));
                Vec::new()
            }
            TypeKind::Scalar => Vec::new(),
        };
        for field in output {
            let name = format!("{of}.{}", field.node.name.node);
            let arguments = field.node.arguments.iter().map(|argument| &argument.node);
            found.extend(arguments.map(|taken| (format!("{name}({})", taken.name.node), Kind::taken(taken))));
            found.insert(name, Kind::Given { of: field.node.ty.node.to_string() });
        }
    }
    found
}
