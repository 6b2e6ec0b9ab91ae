//! The page: the workspace as people know it, in a browser.

use std::sync::Arc;

use axum::Router;

use super::core::Core;

/// The page's addresses.
pub(crate) fn routes(_core: &Arc<Core>) -> Router<Arc<Core>> {
    Router::new()
}
