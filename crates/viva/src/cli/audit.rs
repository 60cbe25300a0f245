//! `viva audit …`.

use clap::Subcommand;

use super::Amount;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List who did what, the newest first
    List {
        /// Only what this user did: a name or an id
        #[arg(long)]
        user: Option<String>,
        /// Only this, as it is listed: `session.delete`
        #[arg(long)]
        action: Option<String>,
        /// Only what was done to the thing of this id
        #[arg(long, value_name = "ID")]
        target: Option<String>,
        #[command(flatten)]
        amount: Amount,
    },
    /// Check that every entry is there, as it was written
    Verify {
        /// An end of the log that was printed before: the log must still hold it
        #[arg(long, value_name = "NUMBER:SHA256", value_parser = parse_head)]
        expect: Option<(u64, String)>,
    },
}

fn parse_head(text: &str) -> Result<(u64, String), String> {
    let wrong = || "write it as it was printed: the number, a colon, 64 hexadecimal digits".to_owned();
    let (number, sha256) = text.split_once(':').ok_or_else(wrong)?;
    let is_digest = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = number.parse().ok().filter(|_| is_digest).ok_or_else(wrong)?;
    Ok((number, sha256.to_ascii_lowercase()))
}
