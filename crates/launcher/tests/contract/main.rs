//! The contract of a launcher, kept with real processes. This program is also the shim, the scripted runtime and the
//! launching process of its tests: which one is its first argument.

mod cases;
mod ends;
mod faults;
mod fixture;
mod groups;
mod hostile;
mod roles;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // Before anything else: a shim forks, and must be the only thread.
    if let Some(status) = roles::play(&args) {
        return status;
    }
    let mut trials = cases::trials();
    trials.extend(ends::trials());
    trials.extend(faults::trials());
    trials.extend(hostile::trials());
    trials.extend(groups::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
