//! What a call says, read with a word on each mistake: whoever calls is a model, and mends what it is
//! told to mend.

use serde_json::{Map, Value};

use super::tools::{self, Tool};
use crate::domain::access::Access;
use crate::domain::near::near;
use crate::domain::request::Reference;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::time::Span;

/// The longest that a call waits, in seconds: hosts give up on calls that take longer.
pub(super) const LONGEST_WAIT: u32 = 600;
/// As long as a call waits, if it does not say.
pub(super) const USUAL_WAIT: u32 = 60;

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    /// May the agent do this?
    MayI {
        /// What.
        access: Access,
        /// What for.
        task: Option<String>,
        /// The model that decided to.
        model_version: Option<String>,
        /// The hash of the prompt that led to it.
        prompt_hash: Option<String>,
    },
    /// Ask people for it.
    RequestPermission {
        /// What.
        access: Access,
        /// Why.
        justification: String,
        /// For how long.
        lasting: Option<Span>,
    },
    /// Wait until people have decided.
    WaitFor {
        /// The request.
        reference: Reference,
        /// For how many seconds at most.
        seconds: u32,
    },
    /// What is granted now?
    MyGrants,
    /// A grant is not needed any more.
    HandBack {
        /// Which.
        reference: Reference,
    },
}

/// Reads a call; the mistake, in words, if it cannot be read.
pub(super) fn read(name: &str, arguments: Map<String, Value>) -> Result<Call, String> {
    let Some(tool) = tools::ALL.iter().find(|tool| tool.name == name) else {
        let names: Vec<&str> = tools::ALL.iter().map(|tool| tool.name).collect();
        let names = names.join(", ");
        return Err(format!("There is no tool `{}`. There are: {names}.", clean(name, 60)));
    };
    let mut fields = Fields { tool, left: arguments };
    let call = match name {
        tools::MAY_I => Call::MayI {
            access: fields.access()?,
            task: fields.text("task", 200)?,
            model_version: fields.text("model_version", 200)?,
            prompt_hash: fields.text("prompt_hash", 200)?,
        },
        tools::REQUEST_PERMISSION => Call::RequestPermission {
            access: fields.access()?,
            justification: fields.needed("justification", LONGEST_TEXT)?,
            lasting: fields.parsed("for", "write a length of time, such as \"30m\" or \"8h\"")?,
        },
        tools::WAIT_FOR => {
            let reference = fields.reference()?;
            Call::WaitFor { reference, seconds: fields.seconds()? }
        }
        tools::HAND_BACK => Call::HandBack { reference: fields.reference()? },
        _ => Call::MyGrants,
    };
    fields.end()?;
    Ok(call)
}

/// What is not read yet.
struct Fields<'a> {
    tool: &'a Tool,
    left: Map<String, Value>,
}

impl Fields<'_> {
    fn text(&mut self, name: &str, longest: usize) -> Result<Option<String>, String> {
        match self.left.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= longest => {
                Ok(Some(clean(&text, longest)).filter(|text| !text.is_empty()))
            }
            Some(Value::String(_)) => Err(format!("`{name}`: shorten it to {longest} characters.")),
            Some(_) => Err(format!("`{name}`: write a text.")),
        }
    }

    fn needed(&mut self, name: &str, longest: usize) -> Result<String, String> {
        let example = self.tool.example;
        self.text(name, longest)?
            .ok_or_else(|| format!("`{name}` is missing. For example: {example}"))
    }

    fn parsed<T: std::str::FromStr>(
        &mut self,
        name: &str,
        form: &str,
    ) -> Result<Option<T>, String> {
        let Some(text) = self.text(name, 200)? else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| format!("`{name}`: \"{}\" is none; {form}.", clean(&text, 60)))
    }

    fn access(&mut self) -> Result<Access, String> {
        let text = self.needed("access", 300)?;
        text.parse().map_err(|_| {
            format!(
                "`access`: \"{}\" is none; write resource and action, such as \"database:read\", or \
                 \"database#orders:read\" for one thing of it.",
                clean(&text, 60)
            )
        })
    }

    fn reference(&mut self) -> Result<Reference, String> {
        let text = self.needed("reference", 40)?;
        text.parse().map_err(|_| {
            format!(
                "`reference`: \"{}\" is none; write it as it was given, such as \"G-1042\".",
                clean(&text, 40)
            )
        })
    }

    fn seconds(&mut self) -> Result<u32, String> {
        let form = || format!("`seconds`: write a whole number from 1 to {LONGEST_WAIT}.");
        match self.left.remove("seconds") {
            None | Some(Value::Null) => Ok(USUAL_WAIT),
            Some(value) => {
                // Some models write every number with a point.
                let whole = value.as_f64().filter(|n| n.fract() == 0.0 && *n >= 1.0);
                let seconds = whole.filter(|n| *n <= f64::from(LONGEST_WAIT)).ok_or_else(form)?;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it is whole and within the limits"
                )]
                Ok(seconds as u32)
            }
        }
    }

    fn end(&self) -> Result<(), String> {
        let Some(name) = self.left.keys().next() else { return Ok(()) };
        let known: Vec<&str> = self.tool.fields.iter().map(|field| field.name).collect();
        let cure = match near(name, known.iter().copied(), 1).first() {
            Some(near) => format!("Did you mean `{near}`?"),
            None if known.is_empty() => "It takes nothing.".to_owned(),
            None => format!("It takes: {}.", known.join(", ")),
        };
        Err(format!("`{}` takes no `{}`. {cure}", self.tool.name, clean(name, 60)))
    }
}
