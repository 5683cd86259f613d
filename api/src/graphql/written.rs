//! Objects that are written as JSON once for everybody who selects the same of them.
//!
//! A [`Written`] object answers with its text, which [`super::answer::written`] takes as it is. The first who asks for it
//! has it resolved; who comes meanwhile waits for that. Whoever makes one sees to it that the slot is only shared by those
//! who would be shown the same.
//!
//! Invariant: what is kept had no error, and takes as much of the [budget](super::budget) as what is resolved anew.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::{MetaTypeName, Registry};
use async_graphql::{Context, ContextSelectionSet, OutputType, Positioned, SelectionField, ServerError};
use async_graphql::{ServerResult, Value};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::answer;
use super::budget::Budget;
use crate::service::texts::{SelectionKey, Slot, Text};

/// An object with the place of its text; without one it is resolved as any other.
#[derive(Clone, Debug)]
pub struct Written<T> {
    object: T,
    slot: Option<Slot>,
}

impl<T> Written<T> {
    /// An object, and where its text is kept.
    pub fn new(object: T, slot: Option<Slot>) -> Self {
        Self { object, slot }
    }
}

/// A list of objects, or of what was written of them.
#[derive(Clone, Debug)]
pub struct WrittenList<T>(List<T>);

#[derive(Clone, Debug)]
enum List<T> {
    /// The list as JSON.
    Joined(Bytes),
    Texts(Vec<Bytes>),
    Objects(Vec<Written<T>>),
}

/// Texts of no more bytes are copied into one. A text that is lent is counted wherever it goes, which takes longer than to
/// copy a kilobyte; more bytes would be held twice for who reads slowly.
const JOINED_BYTES: usize = 128 << 10;

impl<T> WrittenList<T> {
    /// A list of objects, each of which may have a place where its text is kept.
    ///
    /// The objects are made only where a text is still to be written, or where all texts together are more than the budget
    /// has left: then the object says so that it was too much for.
    pub fn new<Objects: Iterator<Item = T>>(
        budget: &Budget,
        slots: &[Option<&Slot>],
        objects: impl FnOnce() -> Objects,
    ) -> Self {
        let texts: Option<Vec<&Text>> = slots.iter().map(|slot| slot.and_then(|slot| slot.get())).collect();
        let area_bytes = |texts: &Vec<&Text>| texts.iter().map(|text| text.area_bytes).sum();
        match texts.filter(|texts| budget.take_area(area_bytes(texts)).is_ok()) {
            Some(texts) => Self(List::of_texts(&texts)),
            None => {
                let object = |(object, slot): (T, &Option<&Slot>)| Written::new(object, slot.cloned());
                Self(List::Objects(objects().zip(slots).map(object).collect()))
            }
        }
    }
}

impl<T> List<T> {
    fn of_texts(texts: &[&Text]) -> Self {
        // Each with a comma or a bracket behind it.
        let byte_count = texts.iter().map(|text| text.json.len() + 1).sum::<usize>() + 1;
        if byte_count > JOINED_BYTES {
            return Self::Texts(texts.iter().map(|text| text.json.clone()).collect());
        }
        let mut json = Vec::with_capacity(byte_count);
        json.push(b'[');
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            json.extend_from_slice(&text.json);
        }
        json.push(b']');
        Self::Joined(json.into())
    }
}

/// Why there is no text to keep.
enum Unkept {
    /// There were errors beside the value, which is for this answer alone.
    Partial(Value),
    Failed(ServerError),
}

impl<T: OutputType> OutputType for Written<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let Some(slot) = &self.slot else { return self.object.resolve(ctx, field).await };
        let mut is_new = false;
        let write = async {
            is_new = true;
            let errors_before = error_count(ctx);
            let value = self.object.resolve(ctx, field).await.map_err(Unkept::Failed)?;
            if error_count(ctx) != errors_before {
                return Err(Unkept::Partial(value));
            }
            // The areas of cells are the only ones that stand in an answer as bytes by now.
            let area_bytes = answer::bytes_within(&value);
            match answer::value_written(&value) {
                Ok(json) => Ok(Text { json, area_bytes }),
                Err(_) => Err(Unkept::Partial(value)),
            }
        };
        match slot.get_or_try_init(|| write).await {
            Ok(text) => {
                if !is_new {
                    let taken = ctx.data_unchecked::<Arc<Budget>>().take_area(text.area_bytes);
                    taken.map_err(|error| ctx.set_error_path(error.into_server_error(field.pos)))?;
                }
                Ok(Value::Binary(text.json.clone()))
            }
            Err(Unkept::Partial(value)) => Ok(value),
            Err(Unkept::Failed(error)) => Err(error),
        }
    }
}

impl<T: OutputType> OutputType for WrittenList<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<Written<T>>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<Written<T>>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<Written<T>>::create_type_info(registry)
    }

    /// A list that is written has no need of a future for each of its objects, which takes longer than the rest.
    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match &self.0 {
            List::Joined(json) => Ok(Value::Binary(json.clone())),
            List::Texts(texts) => Ok(Value::List(texts.iter().cloned().map(Value::Binary).collect())),
            List::Objects(objects) => objects.resolve(ctx, field).await,
        }
    }
}

/// A lock that a panic broke counts as an error more each time, so that nothing is kept.
fn error_count(ctx: &ContextSelectionSet<'_>) -> Option<usize> {
    ctx.query_env.errors.lock().ok().map(|errors| errors.len())
}

/// What is selected of a field's objects, as a key; `None` where what is resolved of them is not kept as text.
///
/// It is not where a field stands under another name or twice, so that a text is no larger than what it tells of, or where
/// a fragment is on another type than the one that it stands in: it leaves its fields out, and the key would not say so.
/// The field must be selected in one place of the document only: two selections that stand under one name are merged after
/// they were resolved, which texts cannot be. `answered` names the type of the field that `ctx` is of, and `is_shared` says
/// of a field, so many levels below `field`, whether it may be kept.
pub fn selection_key(
    ctx: &Context<'_>,
    answered: &str,
    field: SelectionField<'_>,
    is_shared: impl Fn(&str, usize) -> bool,
) -> Option<SelectionKey> {
    let document = &ctx.query_env;
    let of_fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let sets = of_fragments.chain([&document.operation.node.selection_set.node]);
    if sets.map(|set| count_named(set, field.name())).sum::<usize>() > 1 {
        return None;
    }
    if !is_of_its_types(ctx, answered, &ctx.item.node.selection_set.node) {
        return None;
    }
    let mut text = String::with_capacity(256);
    write_selection(&mut text, field, 0, &is_shared)?;
    let digest: [u8; 32] = Sha256::digest(text).into();
    let mut key = [0; 16];
    key.copy_from_slice(&digest[..16]);
    Some(SelectionKey(key))
}

fn count_named(set: &SelectionSet, name: &str) -> usize {
    let count = |selection: &Positioned<Selection>| match &selection.node {
        Selection::Field(field) => {
            usize::from(field.node.name.node == name) + count_named(&field.node.selection_set.node, name)
        }
        Selection::InlineFragment(fragment) => count_named(&fragment.node.selection_set.node, name),
        Selection::FragmentSpread(_) => 0,
    };
    set.items.iter().map(count).sum()
}

/// Whether every fragment in a selection is on the very type that it stands in.
fn is_of_its_types(ctx: &Context<'_>, type_name: &str, set: &SelectionSet) -> bool {
    let answered = |field: &str| {
        let field = ctx.schema_env.registry.types.get(type_name)?.field_by_name(field)?;
        Some(MetaTypeName::concrete_typename(&field.ty))
    };
    set.items.iter().all(|selection| match &selection.node {
        Selection::Field(field) => {
            let (name, below) = (&field.node.name.node, &field.node.selection_set.node);
            below.items.is_empty()
                || answered(name).is_some_and(|answered| is_of_its_types(ctx, answered, below))
        }
        Selection::InlineFragment(fragment) => {
            let condition = fragment.node.type_condition.as_ref();
            condition.is_none_or(|condition| condition.node.on.node == type_name)
                && is_of_its_types(ctx, type_name, &fragment.node.selection_set.node)
        }
        Selection::FragmentSpread(spread) => {
            let fragment = ctx.query_env.fragments.get(&spread.node.fragment_name.node);
            fragment.is_some_and(|fragment| {
                fragment.node.type_condition.node.on.node == type_name
                    && is_of_its_types(ctx, type_name, &fragment.node.selection_set.node)
            })
        }
    })
}

/// Fragments opened, variables filled in; what is left out by a directive is gone by now.
fn write_selection(
    text: &mut String,
    field: SelectionField<'_>,
    depth: usize,
    is_shared: &impl Fn(&str, usize) -> bool,
) -> Option<()> {
    text.push('{');
    let mut names = HashSet::new();
    for field in field.selection_set() {
        let name = field.name();
        if field.alias().is_some() || !names.insert(name) || !is_shared(name, depth) {
            return None;
        }
        text.push_str(name);
        for (name, value) in field.arguments().ok()? {
            text.push_str(&format!("({name}:{value})"));
        }
        write_selection(text, field, depth + 1, is_shared)?;
        text.push(',');
    }
    text.push('}');
    Some(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_graphql::{EmptyMutation, EmptySubscription, Object, PathSegment, Request, Schema};
    use futures_util::future::join_all;
    use tokio::sync::OnceCell;

    use super::*;
    use crate::service::texts::Texts;

    /// Counts how often it is resolved.
    #[derive(Clone, Default, Debug)]
    struct Counted(Arc<AtomicUsize>);

    #[Object]
    impl Counted {
        async fn number(&self, plus: i32) -> i32 {
            self.0.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            41 + plus
        }

        async fn broken(&self) -> Option<async_graphql::Result<i32>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Some(Err(super::super::error::coded("BUSY", "not now".to_owned())))
        }
    }

    struct Root {
        thing: Counted,
        texts: Texts,
    }

    #[test]
    fn texts_that_are_few_are_joined_and_those_that_are_many_are_lent() {
        let text = |byte_count: usize| Text { json: vec![b'1'; byte_count].into(), area_bytes: 0 };
        let list = |texts: &[Text]| List::<Counted>::of_texts(&texts.iter().collect::<Vec<_>>());
        let joined = |texts: &[Text]| match list(texts) {
            List::Joined(json) => String::from_utf8(json.into()).expect("UTF-8"),
            other => panic!("{other:?}"),
        };
        assert_eq!(joined(&[]), "[]");
        assert_eq!(joined(&[text(2)]), "[11]");
        assert_eq!(joined(&[text(1), text(2), text(1)]), "[1,11,1]");
        let half = JOINED_BYTES / 2;
        assert_eq!(joined(&[text(half), text(half - 3)]).len(), JOINED_BYTES);
        let more = [text(half), text(half - 2)];
        let List::Texts(lent) = list(&more) else { panic!("they are too many") };
        assert_eq!(lent[0].as_ptr(), more[0].json.as_ptr());
    }

    /// Lists of things that are written by now, each with an area of nine of the sixteen mebibytes that an answer may hold.
    struct Areas;

    #[Object]
    impl Areas {
        async fn things(&self, ctx: &Context<'_>, count: usize) -> WrittenList<Counted> {
            let text = Text { json: r#"{"number":42}"#.into(), area_bytes: 9 << 20 };
            let slots: Vec<Slot> =
                (0..count).map(|_| Arc::new(OnceCell::new_with(Some(text.clone())))).collect();
            let slots: Vec<Option<&Slot>> = slots.iter().map(Some).collect();
            WrittenList::new(ctx.data_unchecked::<Arc<Budget>>(), &slots, || {
                (0..count).map(|_| Counted::default())
            })
        }
    }

    #[tokio::test]
    async fn areas_that_were_written_before_are_taken_from_what_the_answer_may_hold() {
        let schema = Schema::new(Areas, EmptyMutation, EmptySubscription);
        let ask =
            async |query: &str| schema.execute(Request::new(query).data(Arc::<Budget>::default())).await;
        let one = ask("{ things(count: 1) { number(plus: 1) } }").await;
        assert_eq!(answer::written(&one).expect("JSON"), r#"{"data":{"things":[{"number":42}]}}"#);
        for (query, path) in [
            ("{ things(count: 2) { number(plus: 1) } }", ["things", "1"]),
            (
                "{ things(count: 1) { number(plus: 1) } again: things(count: 1) { number(plus: 1) } }",
                ["again", "0"],
            ),
        ] {
            let response = ask(query).await;
            let [error] = &response.errors[..] else { panic!("{:?}", response.errors) };
            let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
            assert_eq!(code, Some(&Value::from("DOCUMENT_REFUSED")));
            let steps: Vec<String> = error.path.iter().map(step).collect();
            assert_eq!(steps, path, "{query}");
        }
    }

    fn step(segment: &PathSegment) -> String {
        match segment {
            PathSegment::Field(name) => name.clone(),
            PathSegment::Index(index) => index.to_string(),
        }
    }

    #[Object]
    impl Root {
        async fn thing(&self, ctx: &Context<'_>) -> Written<Counted> {
            let key = selection_key(ctx, "Counted", ctx.field(), |_, _| true);
            Written::new(self.thing.clone(), key.map(|key| self.texts.slot(key)))
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_many_select_alike_is_resolved_once_and_what_failed_is_not_kept() {
        let thing = Counted::default();
        let root = Root { thing: thing.clone(), texts: Texts::default() };
        let schema = Schema::new(root, EmptyMutation, EmptySubscription);
        let ask = async |query: &str, times: usize| {
            let before = thing.0.load(Ordering::Relaxed);
            let tasks = (0..times).map(|_| {
                let (schema, request) = (schema.clone(), Request::new(query).data(Arc::<Budget>::default()));
                tokio::spawn(async move { answer::written(&schema.execute(request).await) })
            });
            let answers: Vec<_> = join_all(tasks).await;
            let answers: Vec<String> =
                answers.into_iter().map(|text| text.expect("no panic").expect("JSON")).collect();
            assert!(answers.iter().all(|text| *text == answers[0]), "{answers:?}");
            (answers[0].clone(), thing.0.load(Ordering::Relaxed) - before)
        };
        let told = |number| format!(r#"{{"data":{{"thing":{{"number":{number}}}}}}}"#);
        assert_eq!(ask("{ thing { number(plus: 1) } }", 50).await, (told(42), 1));
        assert_eq!(ask("query A { thing { ...F } } fragment F on Counted { number(plus: 1) }", 9).await.1, 0);
        assert_eq!(ask("{ thing { number(plus: 2) } }", 9).await, (told(43), 1), "another argument");
        let renamed = ask("{ thing { n: number(plus: 1) } }", 9).await;
        assert_eq!(renamed, (told(42).replace("number", "n"), 9), "another name, so resolved");
        let twice = ask("{ thing { number(plus: 1) ... { number(plus: 1) } } }", 9).await;
        assert_eq!(twice.0, told(42));
        assert!(twice.1 >= 9, "twice, so resolved");
        let merged = ask("{ thing { number(plus: 1) } thing { n: number(plus: 1) } }", 1).await;
        assert_eq!(
            merged,
            (r#"{"data":{"thing":{"number":42,"n":42}}}"#.to_owned(), 2),
            "merged, so resolved"
        );
        let (failed, count) = ask("{ thing { number(plus: 3) broken } }", 3).await;
        assert!(failed.contains(r#""broken":null"#) && failed.contains("not now"), "{failed}");
        assert_eq!(count, 6, "each time anew");
    }
}
