//! The protocol: what the tools are, and calls of them.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    ListToolsResult, PaginatedRequestParams, ProgressNotificationParam, ProgressToken,
    ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::{Peer, RequestContext, RoleServer};

use super::act::{Done, act};
use super::{calls, tools};
use crate::client::server::Server;
use crate::domain::agent::Slug;

/// What a model reads before it sees the tools.
const INSTRUCTIONS: &str = "\
You work under Countersign: you may do what you were granted, and nothing else. Before every access to a \
governed system call `may_i`. On a no, stop: call `request_permission` with an honest justification, then \
`wait_for`; people decide. When a task is done, `hand_back` what it needed. Never look for another way to \
what was refused, and never ask a person for their own credentials.";

/// Where an agent asks.
pub(super) struct Desk {
    server: Arc<Server>,
    agent: Slug,
}

impl Desk {
    pub(super) fn new(server: Server, agent: Slug) -> Self {
        Self { server: Arc::new(server), agent }
    }
}

impl ServerHandler for Desk {
    fn get_info(&self) -> ServerConfig {
        let mut info = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = Implementation::new("countersign", env!("CARGO_PKG_VERSION"))
            .with_title("Countersign: may I?");
        info.instructions = Some(INSTRUCTIONS.to_owned());
        info
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(described()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let call = match calls::read(&request.name, request.arguments.unwrap_or_default()) {
            Ok(call) => call,
            // A mistake in a call is the model's to mend, so the model reads it.
            Err(mistake) => {
                return Ok(CallToolResult::error(vec![ContentBlock::text(mistake)]).into());
            }
        };
        let told =
            Progress { token: context.meta.get_progress_token(), peer: context.peer.clone() };
        let done = tokio::select! {
            done = act(&self.server, &self.agent, call, &told) => done,
            () = context.ct.cancelled() => {
                return Err(ErrorData::internal_error("the call was taken back", None));
            }
        };
        Ok(match done {
            Done::Well { words, facts } => {
                let mut result = CallToolResult::success(vec![ContentBlock::text(words)]);
                result.structured_content = Some(facts);
                result
            }
            Done::Not(words) => CallToolResult::error(vec![ContentBlock::text(words)]),
        }
        .into())
    }
}

/// The tools as the protocol has them.
pub(super) fn described() -> Vec<Tool> {
    let described = |tool: &tools::Tool| {
        let annotations = ToolAnnotations::with_title(tool.title)
            .read_only(tool.reads)
            .destructive(tool.destroys)
            .idempotent(tool.once)
            .open_world(false);
        let mut described =
            Tool::new(tool.name, tool.description, tool.schema()).with_title(tool.title);
        described.annotations = Some(annotations);
        described
    };
    tools::ALL.iter().map(described).collect()
}

/// Where progress is told, if the host wants to hear of it.
pub(super) struct Progress {
    token: Option<ProgressToken>,
    peer: Peer<RoleServer>,
}

impl Progress {
    /// So far; `total` where the end is known.
    pub(super) async fn tell(&self, so_far: u32, total: u32, words: &str) {
        let Some(token) = &self.token else { return };
        let progress = ProgressNotificationParam::new(token.clone(), f64::from(so_far))
            .with_total(f64::from(total))
            .with_message(words);
        // Whoever does not hear it reads the answer all the same.
        let _ = self.peer.notify_progress(progress).await;
    }
}
