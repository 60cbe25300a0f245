//! A process of its own: what its hook for panics hears is all that there is to hear.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{
    io::{Cursor, Read, Seek, SeekFrom},
    panic::{catch_unwind, set_hook},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use dataset::{Bounds, InputError, open};
use protocol::dataset::Format;
use rust_xlsxwriter::Workbook;

static HEARD: AtomicUsize = AtomicUsize::new(0);

/// A workbook that breaks its reader once it was looked through: at a rewind, and a read after it.
struct Trap {
    bytes: Cursor<Vec<u8>>,
    rewinds: usize,
    at: usize,
}

impl Read for Trap {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        assert!(self.rewinds < self.at, "a trap");
        self.bytes.read(buffer)
    }
}

impl Seek for Trap {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.rewinds += usize::from(to == SeekFrom::Start(0));
        self.bytes.seek(to)
    }
}

#[test]
fn a_panic_that_is_caught_is_not_heard_and_every_other_is() {
    set_hook(Box::new(|_| {
        HEARD.fetch_add(1, Ordering::SeqCst);
    }));
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, "question").unwrap();
    sheet.write(1, 0, "why?").unwrap();
    let bytes = workbook.save_to_buffer().unwrap();
    let read =
        |at: usize| open(Format::Xlsx, Trap { bytes: Cursor::new(bytes.clone()), rewinds: 0, at }, &Bounds::default());
    // The last rewind is the parser's: the one before which nothing has panicked any more.
    let last = (1..50).find(|at| catch_unwind(|| read(*at).is_ok()).unwrap_or(false)).unwrap() - 1;
    let before = HEARD.load(Ordering::SeqCst);
    assert!(matches!(read(last), Err(InputError::BrokenWorkbook { .. })));
    assert_eq!(HEARD.load(Ordering::SeqCst), before, "it was caught");
    assert!(thread::spawn(|| panic!("another thread's")).join().is_err());
    assert!(catch_unwind(|| panic!("this thread's")).is_err());
    assert_eq!(HEARD.load(Ordering::SeqCst), before + 2);
    assert!(read(50).is_ok());
}
