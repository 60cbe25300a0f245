use clap::{CommandFactory, Parser};

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("viva").chain(line.split_whitespace()))
}

#[test]
fn the_definition_holds_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_of_the_contract_is_understood() {
    for line in [
        "serve",
        "serve --listen 127.0.0.1:0 --data /tmp/x --config c.toml --insecure --stop-sessions",
        "session create --wait",
        "session create --name n --description d --model m:1 --for 30m --max-interactions 3 --idle 10m --max-tokens 9 \
         --context 512 --parallel 2 --wait --json",
        "session list --watch",
        "session list --status running --q x --limit 2000",
        "session list --all",
        "session show s",
        "session stop s --yes",
        "session extend s --for 30m",
        "session extend s --until 2100-01-01T00:00:00Z",
        "session rename s new",
        "session rename s --description d",
        "session delete s --confirm delete",
        "session logs s --tail 10",
        "session endpoint s --sample python --show-token",
        "chat",
        "chat s --message hi --system sys --temperature 0.3 --stop END --seed -4",
        "chat s --continue --message hi",
        "chat --continue=conv_1 s",
        "run f.csv",
        "run f.csv --session s --template @t --system x --score exact:answer --score b=bleu:ref --set temperature=0.2 \
         --max-tokens 9 --concurrency 4 --format csv --name n --require exact>=0.9 --require-all-rows --output r.xlsx \
         --force --json",
        "run - --model m:1 --for 30m --keep --format jsonl",
        "run --resume task_1 --session s --require score>=90%",
        "task list --session s --limit 3",
        "task show t",
        "task rows t --failed --search x --all",
        "task cancel t",
        "task delete t --confirm delete",
        "task export t --format junit --output r.xml --force",
        "run --test-set t --session s --score numeric:expected --json",
        "test-set list --json",
        "test-set show t",
        "test-set create t --next demo --score exact:expected",
        "test-set add t --completion cmpl_1 --expected 42",
        "test-set add t --ask why --system brief --expected because",
        "test-set remove t 1 2 --confirm delete",
        "test-set remove t",
        "test-set run t --model demo --for 10m --score exact:expected --require score>=0.9 --output r.xml",
        "test-set run t --next demo:2 --score exact:expected --set temperature=0.2 --system brief",
        "test-set run t --no-next",
        "compare a b --score exact --search x --limit 5",
        "file put a b --session s",
        "file put - --as n",
        "file get n --session s --output - --force",
        "file list --session s --all",
        "file remove a b --session s --yes",
        "history list",
        "history list s --q words --starred --origin api --limit 5",
        "history show c",
        "history export s --format xlsx --output f.xlsx --starred",
        "history delete a b --confirm delete",
        "model add f.gguf --name n --version v --tag a --tag b,c --learning-stage instruction-tuned --scope catalog",
        "model list --scope private --q x",
        "model show m",
        "model remove m --yes",
        "docs ask how do I stop it? --page manage-a-session --json",
        "docs search idle limit --limit 3",
        "user list",
        "user create ada --role viewer --password",
        "user show ada --json",
        "user rename ada lin",
        "user set-role ada admin",
        "user disable ada",
        "user enable ada",
        "user delete ada --owned --confirm delete",
        "user link ada",
        "user password ada --remove",
        "user logout ada",
        "user sessions",
        "user stop-session ses_1",
        "key list",
        "key create ci --scope infer,read --for 24h",
        "key create ci --until 2100-01-01T00:00:00Z",
        "key revoke ci",
        "session token list s",
        "session token create ci --session s",
        "session token revoke ci",
        "login",
        "login --open --json",
        "doctor --json",
        "completions bash",
        "--json session list",
        "--data /tmp/x --color never chat",
    ] {
        parse(line).unwrap_or_else(|error| panic!("viva {line}: {error}"));
    }
}

#[test]
fn what_is_out_of_bounds_is_a_matter_of_usage() {
    for line in [
        "",
        "sing",
        "serve --listen nowhere",
        "session create --for 0s",
        "session create --for 30",
        "session create --until yesterday",
        "session create --max-interactions 0",
        "session create --context 15",
        "session create --parallel 65",
        "session list --limit 0",
        "session list --limit 5 --all",
        "session list --status gone",
        "session extend s",
        "session extend s --for 1m --until 2100-01-01T00:00:00Z",
        "session rename s",
        "session delete s --confirm yes",
        "run",
        "run f --resume t",
        "run f --session s --model m",
        "run f --for 30m",
        "run f --keep",
        "run f --session s --keep",
        "run --resume t --score exact:a",
        "run f --score exakt:a",
        "run f --require exact",
        "run f --require exact>=90",
        "run f --concurrency 65",
        "run f --format pdf",
        "run f --force",
        "run f --test-set t",
        "run --test-set t --template x",
        "test-set add t",
        "test-set add t --ask x --completion c",
        "test-set create t --score exact:expected",
        "test-set run t --next m --session s",
        "test-set run t --next m --no-next",
        "task",
        "task delete t --confirm yes",
        "task export t --format pdf",
        "compare a",
        "compare a b --limit 201",
        "file put",
        "file remove",
        "history delete",
        "history export s --format pdf",
        "docs ask",
        "docs search x --limit 51",
        "user create ada --role owner",
        "user delete ada --confirm yes",
        "key create ci --scope everything",
        "key create ci --for 1h --until 2100-01-01T00:00:00Z",
        "model add",
        "model add f --learning-stage clever",
    ] {
        let error = parse(line).expect_err(line);
        assert_eq!(error.exit_code(), 2, "viva {line}");
    }
}

#[test]
fn durations_and_tags_arrive_as_figures_and_lists() {
    let cli = parse("session create --for 1h30m --idle 90s").unwrap();
    let Command::Client(ClientCommand::Session(SessionCommand::Create(args))) = cli.command else { panic!("create") };
    assert_eq!((args.after, args.idle), (Some(5400), Some(90)));
    let cli = parse("model add f.gguf --tag a --tag b,c --version 2").unwrap();
    let Command::Client(ClientCommand::Model(ModelCommand::Add(args))) = cli.command else { panic!("add") };
    assert_eq!((args.tags, args.version.as_deref()), (vec!["a".into(), "b".into(), "c".into()], Some("2")));
}

#[test]
fn the_data_folder_of_the_flag_goes_first() {
    let cli = parse("chat --data /tmp/there").unwrap();
    assert_eq!(cli.shared.data_folder().unwrap(), PathBuf::from("/tmp/there"));
}
