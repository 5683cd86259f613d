//! Whether units that shall be in one cell hang together, and what would join them where they do not.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::districting::{Kept, Unit, UnitGraph};
use crate::{Code, Problem, shown};

/// So many units are named that would join what does not hang together.
const MOST_NAMED: usize = 5;

/// Who hangs together with whom.
pub(crate) struct Joined<'a> {
    graph: &'a UnitGraph,
    near: Vec<Vec<u32>>,
    /// For each unit the lowest of those that it hangs together with inside its parent.
    component_of: Vec<u32>,
}

impl<'a> Joined<'a> {
    pub(crate) fn of(graph: &'a UnitGraph) -> Self {
        let mut near = vec![Vec::new(); graph.units().len()];
        for link in graph.open_links() {
            near[link.first as usize].push(link.second);
            near[link.second as usize].push(link.first);
        }
        let mut joined = Self { graph, near, component_of: vec![u32::MAX; graph.units().len()] };
        for start in 0..graph.units().len() as u32 {
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                if joined.component_of[at as usize] == u32::MAX {
                    joined.component_of[at as usize] = start;
                    let parent = &graph.units()[start as usize].parent;
                    let inside = |next: &&u32| graph.units()[**next as usize].parent == *parent;
                    open.extend(joined.near[at as usize].iter().filter(inside));
                }
            }
        }
        joined
    }

    fn unit(&self, at: u32) -> &'a Unit {
        &self.graph.units()[at as usize]
    }

    fn name(&self, at: u32) -> String {
        format!("\u{201c}{}\u{201d}", shown::text(&self.unit(at).id))
    }

    /// What keeps units from being one piece of one parent.
    pub(crate) fn in_pieces(&self, (kept, kind): (&Kept, &str)) -> Option<Problem> {
        let title = format!("{kind} \u{201c}{}\u{201d}", shown::text(&kept.name));
        let wrong = |code: Code, message: String, units: [u32; 2]| {
            let features = units.map(|at| self.unit(at).id.clone()).to_vec();
            Some(Problem { features, ..Problem::error(code, message) })
        };
        let first = *kept.units.first()?;
        let is_strange = |at: &&u32| self.unit(**at).parent != self.unit(first).parent;
        if let Some(&stranger) = kept.units.iter().find(is_strange) {
            let parent = |at: u32| self.unit(at).parent.as_deref().map_or("none".to_owned(), shown::text);
            let message = format!(
                "{title} has units of two parents: {} of {} and {} of {}; no cell reaches across",
                self.name(first),
                parent(first),
                self.name(stranger),
                parent(stranger)
            );
            return wrong(Code::ParentMismatch, message, [first, stranger]);
        }
        let members: HashSet<u32> = kept.units.iter().copied().collect();
        let (_, own) = self.reach(&[first], None, |at| members.contains(&at));
        let astray = kept.units.iter().copied().find(|at| !own.contains(at))?;
        let way_out = self.way_out(&own, astray, &members);
        let message = format!(
            "{title} is in pieces: {} and {} do not hang together; {way_out}",
            self.name(first),
            self.name(astray)
        );
        wrong(Code::NotContiguous, message, [first, astray])
    }

    /// What would join a piece to a unit.
    fn way_out(&self, own: &BTreeSet<u32>, astray: u32, members: &HashSet<u32>) -> String {
        let component = self.component_of[astray as usize];
        if own.iter().any(|&at| self.component_of[at as usize] != component) {
            return "nothing in their parent joins them".to_owned();
        }
        let is_inside = |at: u32| self.component_of[at as usize] == component;
        let (from, _) = self.reach(&Vec::from_iter(own.iter().copied()), Some(astray), is_inside);
        let mut between = Vec::new();
        let mut at = from.get(&astray).copied();
        while let Some(step) = at.filter(|step| !own.contains(step)) {
            if !members.contains(&step) {
                between.push(step);
            }
            at = from.get(&step).copied();
        }
        let names: Vec<String> = between.iter().take(MOST_NAMED).map(|&at| self.name(at)).collect();
        let more = if between.len() > MOST_NAMED { " and others" } else { "" };
        format!("with {}{more} they would", names.join(", "))
    }

    /// What is reached from some units through others that may be passed, up to one that is looked for: for each from
    /// where, and all of it.
    fn reach(
        &self,
        starts: &[u32],
        wanted: Option<u32>,
        may_pass: impl Fn(u32) -> bool,
    ) -> (HashMap<u32, u32>, BTreeSet<u32>) {
        let mut open: Vec<u32> = starts.to_vec();
        open.sort_unstable();
        let mut reached: BTreeSet<u32> = open.iter().copied().collect();
        let mut from = HashMap::new();
        let mut at = 0;
        while at < open.len() && wanted.is_none_or(|wanted| !reached.contains(&wanted)) {
            for &next in self.near[open[at] as usize].iter().filter(|&&next| may_pass(next)) {
                if reached.insert(next) {
                    from.insert(next, open[at]);
                    open.push(next);
                }
            }
            at += 1;
        }
        (from, reached)
    }
}
