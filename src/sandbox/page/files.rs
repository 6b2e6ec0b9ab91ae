//! The files of the page, built into the binary.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::not_found;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// Name and content of every file of the page.
        const FILES: &[(&str, &str)] = &[$(($name, include_str!(concat!("static/", $name)))),*];
    };
}

files![
    "api.js",
    "app.js",
    "blocks.css",
    "blocks.js",
    "clock.js",
    "composer.js",
    "dates.js",
    "dom.js",
    "elements.js",
    "emoji.js",
    "fields.js",
    "hints.js",
    "home.js",
    "index.html",
    "messages.css",
    "messages.js",
    "modal.js",
    "mrkdwn.js",
    "overlay.js",
    "people.js",
    "press.js",
    "richtext.js",
    "sidebar.js",
    "store.js",
    "style.css",
    "sync.js",
    "tour.js",
    "values.js",
    "views.js",
];

/// `GET /`
pub(super) async fn index() -> Response {
    serve("index.html")
}

/// `GET /_page/{file}`
pub(super) async fn file(Path(name): Path<String>) -> Response {
    serve(&name)
}

fn serve(name: &str) -> Response {
    let Some((_, content)) = FILES.iter().find(|(known, _)| *known == name) else {
        return not_found("there is no such file");
    };
    let kind = match name.rsplit_once('.').map(|(_, kind)| kind) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, *content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_page_is_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sandbox/page/static");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort();
        let built_in: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(there, built_in);
    }
}
