//! What leads from one part of a schema to another, and how many steps an answer takes.

use std::collections::HashMap;

use serde_json::Value;

use super::SchemaError;

/// Deepest nesting of the schema and of each definition, together: a way through it visits each once.
const MAX_DEPTH: usize = 512;

/// Parts of the schema within each other while one answer is checked.
const MAX_HEIGHT: usize = 256;

/// Steps for each byte that a pattern is sought in.
const STEPS_PER_BYTE: usize = 8;

/// Stands for the name of a member, into which no part of a schema goes further.
static NAME: Value = Value::Null;

/// The parts of a schema; the first is the whole.
#[derive(Debug)]
pub(super) struct Graph {
    nodes: Vec<Node>,
}

/// One part of a schema: to which parts it leads, with which part of the value.
#[derive(Debug, Default)]
struct Node {
    /// Those that look at the same value.
    here: Vec<usize>,
    /// How often those are gone through: again for what they have not evaluated.
    passes: u64,
    property: Vec<(String, usize)>,
    each_property: Vec<usize>,
    names: Vec<usize>,
    item: Vec<(usize, usize)>,
    each_item: Vec<usize>,
    /// How often it looks at every byte or member of the value: for a pattern, for `uniqueItems`.
    thorough: u64,
    /// Values that are compared: `enum`.
    listed: u64,
}

impl Graph {
    pub(super) fn of(schema: &Value) -> Result<Self, SchemaError> {
        let mut builder = Builder { root: schema, nodes: Vec::new(), found: HashMap::new(), depth: depth(schema) };
        builder.node(schema)?;
        let nodes = builder.nodes.into_iter().map(Option::unwrap_or_default).collect();
        let graph = Self { nodes };
        graph.ends()?;
        Ok(graph)
    }

    /// Checks that no part leads back to itself with the same value.
    fn ends(&self) -> Result<(), SchemaError> {
        // Parts whose ways are all taken away have an end; repeated until nothing changes (Kahn's order).
        let mut open: Vec<usize> = self.nodes.iter().map(|node| node.here.len()).collect();
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (from, node) in self.nodes.iter().enumerate() {
            node.here.iter().for_each(|to| before[*to].push(from));
        }
        let mut ended: Vec<usize> = (0..open.len()).filter(|at| open[*at] == 0).collect();
        let mut count = 0;
        while let Some(at) = ended.pop() {
            count += 1;
            for from in &before[at] {
                open[*from] -= 1;
                if open[*from] == 0 {
                    ended.push(*from);
                }
            }
        }
        if count == self.nodes.len() { Ok(()) } else { Err(SchemaError::Endless) }
    }

    /// An upper bound of the checks that the value takes; none above `most`.
    pub(super) fn steps(&self, value: &Value, most: u64) -> Option<u64> {
        let mut count = Count { graph: self, most, seen: HashMap::new() };
        count.of(0, value, 0).map(|seen| seen.steps)
    }
}

#[derive(Clone, Copy)]
struct Seen {
    steps: u64,
    /// Parts within each other below this one.
    height: usize,
}

struct Count<'a> {
    graph: &'a Graph,
    most: u64,
    /// By part and address of the value, which lives while it is counted.
    seen: HashMap<(usize, *const Value), Seen>,
}

impl Count<'_> {
    fn of(&mut self, at: usize, value: &Value, above: usize) -> Option<Seen> {
        if let Some(seen) = self.seen.get(&(at, std::ptr::from_ref(value))).copied() {
            return (above + seen.height <= MAX_HEIGHT).then_some(seen);
        }
        if above > MAX_HEIGHT || self.seen.len() as u64 > self.most {
            return None;
        }
        let node = &self.graph.nodes[at];
        let own = own(node, value);
        if own > self.most {
            return None;
        }
        let mut total = Seen { steps: own, height: 0 };
        for to in &node.here {
            let seen = self.of(*to, value, above + 1)?;
            total = self.add(total, seen, node.passes)?;
        }
        match value {
            Value::Object(members) => {
                for (name, to) in &node.property {
                    if let Some(member) = members.get(name) {
                        let seen = self.of(*to, member, above + 1)?;
                        total = self.add(total, seen, 1)?;
                    }
                }
                for to in &node.each_property {
                    for member in members.values() {
                        let seen = self.of(*to, member, above + 1)?;
                        total = self.add(total, seen, 1)?;
                    }
                }
                for to in &node.names {
                    let seen = self.of(*to, &NAME, above + 1)?;
                    let bytes: usize = members.keys().map(|name| name.len() * STEPS_PER_BYTE + 1).sum();
                    total = self.add(total, seen, bytes as u64)?;
                }
            }
            Value::Array(items) => {
                for (place, to) in &node.item {
                    if let Some(item) = items.get(*place) {
                        let seen = self.of(*to, item, above + 1)?;
                        total = self.add(total, seen, 1)?;
                    }
                }
                for to in &node.each_item {
                    for item in items {
                        let seen = self.of(*to, item, above + 1)?;
                        total = self.add(total, seen, 1)?;
                    }
                }
            }
            _ => {}
        }
        self.seen.insert((at, std::ptr::from_ref(value)), total);
        Some(total)
    }

    fn add(&self, total: Seen, seen: Seen, times: u64) -> Option<Seen> {
        let steps = total.steps.saturating_add(seen.steps.saturating_mul(times));
        (steps <= self.most).then_some(Seen { steps, height: total.height.max(seen.height + 1) })
    }
}

fn own(node: &Node, value: &Value) -> u64 {
    let thorough = match value {
        Value::String(text) => text.len() * STEPS_PER_BYTE,
        Value::Array(items) => items.len(),
        Value::Object(members) => members.keys().map(|name| name.len() * STEPS_PER_BYTE).sum(),
        _ => 0,
    };
    1 + node.listed / 8 + node.thorough.saturating_mul(thorough as u64)
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

struct Builder<'a> {
    root: &'a Value,
    /// None while a part is being read.
    nodes: Vec<Option<Node>>,
    found: HashMap<*const Value, usize>,
    depth: usize,
}

impl<'a> Builder<'a> {
    /// The number of a part, read where it is new.
    fn node(&mut self, schema: &'a Value) -> Result<usize, SchemaError> {
        if let Some(at) = self.found.get(&std::ptr::from_ref(schema)) {
            return Ok(*at);
        }
        if self.depth > MAX_DEPTH {
            return Err(SchemaError::TooDeep { depth: self.depth, most: MAX_DEPTH });
        }
        let at = self.nodes.len();
        self.nodes.push(None);
        self.found.insert(std::ptr::from_ref(schema), at);
        let mut node = Node { passes: 1, ..Node::default() };
        if let Value::Object(keywords) = schema {
            for (keyword, value) in keywords {
                self.keyword(at, keyword, value, &mut node)?;
            }
        }
        self.nodes[at] = Some(node);
        Ok(at)
    }

    fn keyword(&mut self, at: usize, keyword: &str, value: &'a Value, node: &mut Node) -> Result<(), SchemaError> {
        match keyword {
            "$ref" => {
                let target = self.target("$ref", value)?;
                node.here.push(target);
            }
            "$dynamicRef" => return Err(SchemaError::Keyword { keyword: "$dynamicRef" }),
            "$recursiveRef" => return Err(SchemaError::Keyword { keyword: "$recursiveRef" }),
            "$id" if at != 0 => return Err(SchemaError::Keyword { keyword: "$id" }),
            "id" if at != 0 && value.is_string() => return Err(SchemaError::Keyword { keyword: "id" }),
            "not" | "if" | "then" | "else" => node.here.push(self.node(value)?),
            "allOf" | "anyOf" | "oneOf" => {
                for part in value.as_array().into_iter().flatten() {
                    node.here.push(self.node(part)?);
                }
            }
            "dependentSchemas" | "dependencies" => {
                for part in
                    value.as_object().into_iter().flatten().map(|(_, part)| part).filter(|part| !part.is_array())
                {
                    node.here.push(self.node(part)?);
                }
            }
            "properties" => {
                for (name, part) in value.as_object().into_iter().flatten() {
                    let part = self.node(part)?;
                    node.property.push((name.clone(), part));
                }
            }
            "patternProperties" => {
                node.thorough += value.as_object().map_or(0, |patterns| patterns.len() as u64);
                for (_, part) in value.as_object().into_iter().flatten() {
                    node.each_property.push(self.node(part)?);
                }
            }
            "additionalProperties" => node.each_property.push(self.node(value)?),
            "unevaluatedProperties" => {
                node.passes = 3;
                node.each_property.push(self.node(value)?);
            }
            "propertyNames" => node.names.push(self.node(value)?),
            "prefixItems" | "items" if value.is_array() => {
                for (place, part) in value.as_array().into_iter().flatten().enumerate() {
                    let part = self.node(part)?;
                    node.item.push((place, part));
                }
            }
            "items" | "additionalItems" | "contains" => node.each_item.push(self.node(value)?),
            "unevaluatedItems" => {
                node.passes = 3;
                node.each_item.push(self.node(value)?);
            }
            "pattern" | "uniqueItems" => node.thorough += 1,
            "enum" => node.listed = value.as_array().map_or(0, |values| values.len() as u64),
            _ => {}
        }
        Ok(())
    }

    fn target(&mut self, keyword: &'static str, value: &'a Value) -> Result<usize, SchemaError> {
        let unknown = || SchemaError::Reference { keyword, target: value.to_string().chars().take(100).collect() };
        let pointer = value.as_str().and_then(|target| target.strip_prefix('#')).ok_or_else(unknown)?;
        // A pointer with percent signs is one that this reading and the validator's could take differently.
        if pointer.contains('%') {
            return Err(unknown());
        }
        let part = self.root.pointer(pointer).ok_or_else(unknown)?;
        if !self.found.contains_key(&std::ptr::from_ref(part)) {
            self.depth += depth(part);
        }
        self.node(part)
    }
}
