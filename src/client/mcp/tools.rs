//! What an agent can do here, and how that is described to it. The descriptions are all that a model
//! knows of it: when to call, what comes back, what to do then.

use serde_json::{Map, Value, json};

use super::calls::{LONGEST_WAIT, USUAL_WAIT};

pub(super) const MAY_I: &str = "may_i";
pub(super) const REQUEST_PERMISSION: &str = "request_permission";
pub(super) const WAIT_FOR: &str = "wait_for";
pub(super) const MY_GRANTS: &str = "my_grants";
pub(super) const HAND_BACK: &str = "hand_back";

/// A tool.
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    /// A whole call's arguments, as JSON.
    pub(super) example: &'static str,
    pub(super) fields: &'static [Field],
    /// Whether it changes nothing.
    pub(super) reads: bool,
    /// Whether it takes something away.
    pub(super) destroys: bool,
    /// Whether calling it again changes nothing more.
    pub(super) once: bool,
}

/// A member of a call.
pub(super) struct Field {
    pub(super) name: &'static str,
    description: &'static str,
    needed: bool,
    number: bool,
}

const fn needed(name: &'static str, description: &'static str) -> Field {
    Field { name, description, needed: true, number: false }
}

const fn optional(name: &'static str, description: &'static str) -> Field {
    Field { name, description, needed: false, number: false }
}

const ACCESS: Field = needed(
    "access",
    "Resource and action, as in \"database:read\"; for one thing of the resource \
     \"database#orders:read\".",
);

/// All tools, in the order in which an agent needs them.
pub(super) static ALL: [Tool; 5] = [
    Tool {
        name: MAY_I,
        title: "May I?",
        description: "Ask whether you may do something, right before you do it. Call it before \
                every access to a system or to data that is governed, each time anew: permissions end \
                by themselves. The answer is a yes with its evaluation id, or a no with the reason and \
                the next step. After a no do not do it, and do not try another way to the same data: \
                call `request_permission`, or tell the person you work for.",
        example: r#"{"access": "database:read", "task": "ticket 7"}"#,
        fields: &[
            ACCESS,
            optional("task", "The task in hand, in a few words; it goes on the record."),
            optional(
                "model_version",
                "Which model you are, with its version; it goes on the record.",
            ),
            optional("prompt_hash", "A hash of the prompt that led here; it goes on the record."),
        ],
        reads: true,
        destroys: false,
        once: true,
    },
    Tool {
        name: REQUEST_PERMISSION,
        title: "Ask people for permission",
        description: "Ask for permission after a no of `may_i`. People read your justification and \
                decide; some permissions are given at once by a rule. You get a reference such as \
                G-1042: pass it to `wait_for`. Ask for the least that the task needs, for the shortest \
                time. Asking again for what is being decided gives the same reference.",
        example: r#"{"access": "database:read", "justification": "to answer ticket 7", "for": "30m"}"#,
        fields: &[
            ACCESS,
            needed(
                "justification",
                "Why you need it, for the people who decide: the task, who asked for it, what you \
                     will do with it. One to three sentences.",
            ),
            optional("for", "For how long, as in \"30m\" or \"8h\"; an hour at most, if left out."),
        ],
        reads: false,
        destroys: false,
        once: true,
    },
    Tool {
        name: WAIT_FOR,
        title: "Wait for an answer",
        description: "Wait until people have decided on a request. It comes back at once when it is \
                decided, or after `seconds` with how it stands; nothing is lost then: call it again \
                later, and do other work meanwhile. After an approval call `may_i` again, then act.",
        example: r#"{"reference": "G-1042", "seconds": 60}"#,
        fields: &[
            needed("reference", "The request, as `request_permission` gave it: \"G-1042\"."),
            Field {
                name: "seconds",
                description: "How long to wait at most, 1 to 600; 60 if left out.",
                needed: false,
                number: true,
            },
        ],
        reads: true,
        destroys: false,
        once: true,
    },
    Tool {
        name: MY_GRANTS,
        title: "What may I do now?",
        description: "List what you are allowed now, until when, and what is being decided. It is \
                an overview: before you act, `may_i` decides.",
        example: "{}",
        fields: &[],
        reads: true,
        destroys: false,
        once: true,
    },
    Tool {
        name: HAND_BACK,
        title: "Hand a permission back",
        description: "Hand a grant back as soon as its task is done, before its time is over. It \
                ends at once and cannot be taken up again; asking anew is possible.",
        example: r#"{"reference": "G-1042"}"#,
        fields: &[needed("reference", "The grant, as `my_grants` lists it: \"G-1042\".")],
        reads: false,
        destroys: true,
        once: true,
    },
];

impl Tool {
    /// The JSON Schema of its arguments.
    pub(super) fn schema(&self) -> Map<String, Value> {
        let property = |field: &Field| {
            let property = if field.number {
                json!({
                    "description": field.description,
                    "type": "integer",
                    "minimum": 1,
                    "maximum": LONGEST_WAIT,
                    "default": USUAL_WAIT,
                })
            } else {
                json!({ "description": field.description, "type": "string" })
            };
            (field.name.to_owned(), property)
        };
        let properties: Map<String, Value> = self.fields.iter().map(property).collect();
        let required: Vec<&str> =
            self.fields.iter().filter(|field| field.needed).map(|field| field.name).collect();
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        schema.insert("required".to_owned(), json!(required));
        schema.insert("additionalProperties".to_owned(), json!(false));
        schema
    }
}
