//! `viva completions`.

use clap::CommandFactory;

use crate::{cli::Cli, output::Output};

pub(super) fn print(shell: clap_complete::Shell, output: &Output) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "viva", &mut script);
    output.write_bytes(&script);
}
