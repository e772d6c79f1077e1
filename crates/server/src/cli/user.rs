//! `rim user`: accounts, from the command line.

use std::io::{IsTerminal, Read, stdin};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::{Args, Subcommand};
use rim_protocol::limits;
use tokio::runtime::Builder;

use crate::accounts::password;
use crate::admin::{Answer, Request, UserLine};
use crate::cli::target;
use crate::cli::way::Way;
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Creates a user
    Add {
        /// What the user logs in with
        account: String,
        /// What others see; the account where none is given
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        password: Password,
        /// Make a new database where there is none
        #[arg(long)]
        create: bool,
    },
    /// Sets a user's password and ends all their sessions
    Passwd {
        account: String,
        #[command(flatten)]
        password: Password,
    },
    /// Keeps a user from logging in and ends all their sessions
    Disable { account: String },
    /// Lets a disabled user log in again
    Enable { account: String },
    /// Lists all users
    List,
}

/// Where the password comes from; without either it is asked for.
#[derive(Debug, Args)]
pub(super) struct Password {
    /// Read the password from standard input, up to the end of the line
    #[arg(long, conflicts_with = "generate")]
    password_stdin: bool,
    /// Make a password and print it
    #[arg(long)]
    generate: bool,
}

/// A password that was chosen, hashed, and in the open if it was made here.
struct Chosen {
    hash: String,
    generated: Option<String>,
}

/// Carries out the command, through the server if one runs.
pub(super) fn run(command: UserCommand, config: &Config) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        match command {
            UserCommand::Add { account, name, password, create } => {
                add(config, &account, name, &password, create).await
            }
            UserCommand::Passwd { account, password } => passwd(config, account, &password).await,
            UserCommand::Disable { account } => set_disabled(config, account, true).await,
            UserCommand::Enable { account } => set_disabled(config, account, false).await,
            UserCommand::List => list(config).await,
        }
    })
}

async fn add(
    config: &Config,
    account: &str,
    name: Option<String>,
    password: &Password,
    create: bool,
) -> Result<()> {
    if !create {
        target::must_exist(config).context("no user was added (--create makes a new database)")?;
    }
    let account = limits::account(account)?;
    let name = limits::user_name(name.as_deref().unwrap_or(&account))?;
    let chosen = choose(password)?;
    let request = Request::AddUser { account: account.clone(), name, password_hash: Some(chosen.hash) };
    let uid = done(Way::find(config, create).await?.request(request).await?)?;
    println!("user {uid} was created with the account {account}");
    show(chosen.generated);
    Ok(())
}

async fn passwd(config: &Config, account: String, password: &Password) -> Result<()> {
    target::must_exist(config)?;
    let chosen = choose(password)?;
    let request = Request::SetPassword { account, password_hash: chosen.hash };
    let uid = done(Way::find(config, false).await?.request(request).await?)?;
    println!("user {uid} has a new password; all their sessions have ended");
    show(chosen.generated);
    Ok(())
}

async fn set_disabled(config: &Config, account: String, disabled: bool) -> Result<()> {
    target::must_exist(config)?;
    let request = Request::SetDisabled { account, disabled };
    let uid = done(Way::find(config, false).await?.request(request).await?)?;
    match disabled {
        true => println!("user {uid} is disabled; all their sessions have ended"),
        false => println!("user {uid} may log in again"),
    }
    Ok(())
}

async fn list(config: &Config) -> Result<()> {
    target::must_exist(config)?;
    let way = Way::find(config, false).await?;
    println!("{:>10}  {:<16}  {:<8}  {:<24}  name", "uid", "created", "", "account");
    let mut after = 0;
    loop {
        let users = match way.request(Request::ListUsers { after }).await? {
            Answer::Users(users) => users,
            other => return done(other).map(|_| ()),
        };
        let Some(last) = users.last() else { return Ok(()) };
        after = last.uid;
        for user in &users {
            println!("{}", line(user, config));
        }
    }
}

fn line(user: &UserLine, config: &Config) -> String {
    let created = jiff::Timestamp::from_millisecond(user.created_at)
        .map(|at| at.to_zoned(config.time_zone.clone()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default();
    let state = if user.disabled { "disabled" } else { "" };
    format!("{:>10}  {created:<16}  {state:<8}  {:<24}  {}", user.uid, user.account, user.name)
}

fn done(answer: Answer) -> Result<u64> {
    match answer {
        Answer::Done { uid } => Ok(uid),
        Answer::Failed(reason) => bail!(reason),
        Answer::Users(_) | Answer::Index(_) | Answer::Adopted(_) => {
            bail!("the server gave an answer of another command")
        }
    }
}

fn choose(from: &Password) -> Result<Chosen> {
    let generated = if from.generate { Some(generate()?) } else { None };
    let password = match &generated {
        Some(password) => password.clone(),
        None if from.password_stdin => read_line()?,
        None => ask()?,
    };
    limits::password(&password)?;
    let hash = password::hash(&password, &mut password::Memory::default())?;
    Ok(Chosen { hash, generated })
}

fn show(generated: Option<String>) {
    if let Some(password) = generated {
        println!("password: {password}");
    }
}

fn read_line() -> Result<String> {
    let mut text = String::new();
    // One byte more than a password may have tells a long one apart from its beginning; and a line end.
    let most = limits::MAX_PASSWORD_BYTES as u64 + 3;
    stdin().take(most).read_to_string(&mut text).context("cannot read the password")?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn ask() -> Result<String> {
    ensure!(
        stdin().is_terminal(),
        "there is no terminal to ask for the password on: use --password-stdin or --generate"
    );
    let password = rpassword::prompt_password("Password: ").context("cannot read the password")?;
    let again = rpassword::prompt_password("Again: ").context("cannot read the password")?;
    ensure!(password == again, "the two passwords differ");
    Ok(password)
}

/// 20 characters of 32, hence 100 bits, without those that are read as others (l, 1, o, 0).
fn generate() -> Result<String> {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0_u8; 20];
    getrandom::fill(&mut random).map_err(|error| anyhow!("the system's random source: {error}"))?;
    Ok(random.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_is_long_and_new_each_time() {
        let (one, other) = (generate().expect("random"), generate().expect("random"));
        assert_eq!(one.len(), 20);
        assert_ne!(one, other);
    }
}
