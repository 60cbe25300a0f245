//! Points that the control plane's effects pass, each by its name, so that a test can have the process die at any of
//! them, as `kill -9` would: before an effect, and after it but before anything has noted it.
//!
//! In a release build a point is an empty function and its name is never made: there is nothing to slow down and
//! nothing that an environment could ask for. The program under test is the ordinary build with debug assertions; it
//! looks for a plan only where `VIVA_FAILPOINTS` names a folder.
//!
//! The folder: `plan` has a label, and below it, where the process is to die, a point's name and the how-manieth
//! passing of it. Without a plan nothing is counted. `passed` gets a line for each passing: label, number, name.

/// Passes the point of this name.
#[inline]
pub fn pass(name: &str) {
    pass_each(|passed| passed(name));
}

/// Passes points whose names are made only where somebody looks.
#[inline]
pub fn pass_each(names: impl FnOnce(&mut dyn FnMut(&str))) {
    #[cfg(debug_assertions)]
    if let Some(folder) = active::folder() {
        names(&mut |name| active::pass(folder, name));
    }
    #[cfg(not(debug_assertions))]
    let _ = names;
}

#[cfg(debug_assertions)]
mod active {
    use std::{
        collections::HashMap,
        env,
        fs::{self, OpenOptions},
        io::Write,
        path::{Path, PathBuf},
        sync::{Mutex, OnceLock, PoisonError},
    };

    /// Passings under the plan of this label.
    #[derive(Default)]
    struct Passed {
        label: String,
        times: HashMap<String, u64>,
    }

    pub(super) fn folder() -> Option<&'static Path> {
        static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
        FOLDER.get_or_init(|| env::var_os("VIVA_FAILPOINTS").map(PathBuf::from)).as_deref()
    }

    pub(super) fn pass(folder: &Path, name: &str) {
        static PASSED: Mutex<Option<Passed>> = Mutex::new(None);
        let Ok(plan) = fs::read_to_string(folder.join("plan")) else { return };
        let mut plan = plan.lines();
        let Some(label) = plan.next() else { return };
        let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = passed.get_or_insert_default();
        if passed.label != label {
            *passed = Passed { label: label.to_owned(), times: HashMap::new() };
        }
        let times = passed.times.entry(name.to_owned()).or_default();
        *times += 1;
        let line = format!("{label}\t{times}\t{name}\n");
        let written = OpenOptions::new().create(true).append(true).open(folder.join("passed"));
        // A test whose folder is gone asks for nothing any more.
        let _ = written.and_then(|mut file| file.write_all(line.as_bytes()));
        let dies_here = plan.next() == Some(name) && plan.next().and_then(|n| n.parse().ok()) == Some(*times);
        if dies_here {
            std::process::abort();
        }
    }
}
