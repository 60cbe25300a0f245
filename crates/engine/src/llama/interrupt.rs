//! Ending a pass early, from another thread.

#![allow(unsafe_code)]

use std::{
    ffi::c_void,
    sync::atomic::{AtomicBool, Ordering},
};

use super::log;

/// Whether a pass may be ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interruptible {
    Yes,
    No,
}

/// Ends the pass of a context early, where that pass allows it and its device asks: a processor does so after each
/// operation of the graph, an accelerator computes the pass to its end.
#[derive(Debug, Default)]
pub(crate) struct Interrupt {
    wanted: AtomicBool,
    allowed: AtomicBool,
}

impl Interrupt {
    /// From now on interruptible passes end at once, until [`Self::withdraw`].
    pub(crate) fn want(&self) {
        self.wanted.store(true, Ordering::Release);
    }

    /// What was wanted is taken care of.
    pub(crate) fn withdraw(&self) {
        self.wanted.store(false, Ordering::Release);
    }

    /// Before a pass: `true` if it need not begin.
    pub(super) fn begin(&self, interruptible: Interruptible) -> bool {
        self.allowed.store(interruptible == Interruptible::Yes, Ordering::Release);
        self.is_due()
    }

    /// After a pass.
    pub(super) fn end(&self) {
        self.allowed.store(false, Ordering::Release);
        log::listen();
    }

    fn is_due(&self) -> bool {
        self.allowed.load(Ordering::Acquire) && self.wanted.load(Ordering::Acquire)
    }

    /// The function that llama.cpp asks between operations, with a pointer to an `Interrupt` as its data.
    pub(super) extern "C" fn ask(data: *mut c_void) -> bool {
        // SAFETY: the context keeps the interrupt alive for as long as llama.cpp has the pointer; it is only read.
        let due = unsafe { &*data.cast_const().cast::<Self>() }.is_due();
        if due {
            // llama.cpp is asked on the thread that decodes, and logs the end as a failure: it is none.
            log::ignore();
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pass_that_allows_it_is_ended() {
        let interrupt = Interrupt::default();
        assert!(!interrupt.begin(Interruptible::Yes));
        interrupt.want();
        assert!(interrupt.is_due());
        interrupt.end();
        assert!(!interrupt.is_due() && !interrupt.begin(Interruptible::No) && interrupt.begin(Interruptible::Yes));
        interrupt.withdraw();
        assert!(!interrupt.begin(Interruptible::Yes));
    }
}
