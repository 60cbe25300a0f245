//! Panics of a parser, over a file that is made to cause one, that are caught and told as an error: the process's hook
//! for panics hears nothing of them, and of all others what it would have heard.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::Once,
};

thread_local! {
    /// Whether a panic of this thread is about to be caught.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// What the work comes to; none if it panics.
pub(super) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            // A thread that is on its way out catches nothing any more.
            if !IS_CAUGHT.try_with(Cell::get).unwrap_or(false) {
                others(panic);
            }
        }));
    });
    let before = IS_CAUGHT.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(before);
    done.ok()
}
