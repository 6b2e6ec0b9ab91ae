//! Whether what is shown can be read: in the dark, and in a narrow window.

use serde_json::json;

use crate::page::Page;

/// A telephone's window.
const NARROW: (u32, u32) = (400, 800);

/// Judges the window as it is in light and dark, wide and narrow, and leaves a picture of each.
pub async fn judge(page: &Page, name: &str) {
    for (how, (width, height)) in [("wide", (1280, 800)), ("narrow", NARROW)] {
        page.size(width, height).await;
        page.until("the window has its size", &format!("innerWidth === {width}")).await;
        assert_fits(page, &format!("{name}, {how}")).await;
        for scheme in ["light", "dark"] {
            page.colours(scheme).await;
            let is = format!("matchMedia('(prefers-color-scheme: {scheme})').matches");
            page.until(&format!("it is {scheme}"), &is).await;
            page.rests().await;
            page.look(&format!("{name}-{how}-{scheme}")).await;
            let hard = page.value("hardToRead()").await;
            assert_eq!(hard, json!([]), "hard to read: {name}, {how}, {scheme}");
        }
        page.colours("light").await;
    }
    page.size(1280, 800).await;
    page.until("the window is wide again", "innerWidth === 1280").await;
}

/// Nothing makes the window scroll sideways.
pub async fn assert_fits(page: &Page, name: &str) {
    let wide = page.value("tooWide()").await;
    assert_eq!(wide, json!([]), "too wide: {name}");
}

/// Makes the window narrow.
pub async fn narrow(page: &Page) {
    page.size(NARROW.0, NARROW.1).await;
    page.until("the window is narrow", &format!("innerWidth === {}", NARROW.0)).await;
}
