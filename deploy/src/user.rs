//! `gitstead user`: users of a calendar repository, over the network or in a checkout.

use caldav::accounts::{self, AccountsError, Calendars, UserChange};
use caldav::password::{self, AppSecret, StoredHash};
use caldav::repository::user::User;
use gitstore::ReadError;
use gitstore::arguments::SshArguments;
use platform::{clock, entropy};

use crate::place::{self, Place, PlaceError};
use crate::prompt::{self, PromptError};

/// Users of a calendar repository
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Add a user
    Add(Add),
    /// Change a user's password; an older hash of robur's server becomes argon2id
    Passwd(Passwd),
    /// Remove a user
    Remove(Remove),
    /// List all users
    List(Repository),
    /// Make a password for one device, or take it back
    AppPassword(AppPassword),
}

/// Where the users are.
#[derive(Debug, clap::Args)]
struct Repository {
    /// The repository: as services take it in --remote, or a folder: a bare repository, or a checkout, whose files are
    /// written
    #[arg(value_name = "REMOTE", value_parser = place::parse)]
    place: Place,
    #[command(flatten)]
    ssh: SshArguments,
}

#[derive(Debug, clap::Args)]
struct Add {
    #[command(flatten)]
    repository: Repository,
    /// The name to log in with
    name: String,
    /// The name that others see
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// A mail address at which invitations reach the user; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    email: Vec<String>,
    /// A group that the user belongs to; may be repeated
    #[arg(long, value_name = "NAME")]
    group: Vec<String>,
    /// The user may manage users and groups
    #[arg(long)]
    administrator: bool,
    /// Calendars that a removed user of that name has left become this user's
    #[arg(long)]
    take_over: bool,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, clap::Args)]
struct Passwd {
    #[command(flatten)]
    repository: Repository,
    /// The user
    name: String,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, clap::Args)]
struct Remove {
    #[command(flatten)]
    repository: Repository,
    /// The user
    name: String,
    /// Also remove the user's calendars; without it they stay where nobody can reach them
    #[arg(long)]
    calendars: bool,
}

#[derive(Debug, clap::Args)]
struct AppPassword {
    #[command(flatten)]
    repository: Repository,
    /// The user
    name: String,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "", conflicts_with = "remove")]
    label: String,
    /// Take this one back
    #[arg(long, value_name = "ID")]
    remove: Option<String>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// See there.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// See there.
    #[error(transparent)]
    Change(#[from] PlaceError<AccountsError>),
    /// See there.
    #[error(transparent)]
    Read(#[from] PlaceError<ReadError>),
    /// See there.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The environment's.
    #[error("{0}")]
    Runtime(#[from] std::io::Error),
}

impl Error {
    /// Whether an argument is to blame.
    pub fn is_usage(&self) -> bool {
        matches!(self, Error::Change(PlaceError::Argument(_)) | Error::Read(PlaceError::Argument(_)))
    }
}

/// Does it, and says so.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &arguments.command {
            Command::Add(arguments) => add(arguments).await,
            Command::Passwd(arguments) => change_password(arguments).await,
            Command::Remove(arguments) => remove(arguments).await,
            Command::List(repository) => list(repository).await,
            Command::AppPassword(arguments) => app_password(arguments).await,
        }
    })
}

impl Repository {
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnMut(&mut gitstore::Edit) -> Result<T, AccountsError> + Send + 'static,
    ) -> Result<T, PlaceError<AccountsError>> {
        self.place.change(&self.ssh, change).await
    }

    /// What a person has to do yet.
    fn remind(&self) {
        if let Place::Checkout(folder) = &self.place {
            eprintln!("{} has changed; commit and push it", folder.display());
        }
    }
}

async fn add(arguments: &Add) -> Result<(), Error> {
    let hash = new_hash(&arguments.name, arguments.password_stdin)?;
    let change = UserChange {
        display_name: arguments.display_name.clone(),
        email: Some(arguments.email.clone()),
        password: Some(hash),
        administrator: Some(arguments.administrator),
        groups: Some(arguments.group.clone()),
    };
    let left = if arguments.take_over { Calendars::TakeOver } else { Calendars::Keep };
    let name = arguments.name.clone();
    arguments.repository.change(move |edit| accounts::create_user(edit, &name, &change, left)).await?;
    println!("user {} added", arguments.name);
    arguments.repository.remind();
    Ok(())
}

async fn change_password(arguments: &Passwd) -> Result<(), Error> {
    let hash = new_hash(&arguments.name, arguments.password_stdin)?;
    let change = UserChange { password: Some(hash), ..UserChange::default() };
    let name = arguments.name.clone();
    arguments.repository.change(move |edit| accounts::change_user(edit, &name, &change)).await?;
    println!("password of {} changed", arguments.name);
    arguments.repository.remind();
    Ok(())
}

async fn remove(arguments: &Remove) -> Result<(), Error> {
    let calendars = if arguments.calendars { Calendars::Remove } else { Calendars::Keep };
    let name = arguments.name.clone();
    arguments.repository.change(move |edit| accounts::remove_user(edit, &name, calendars)).await?;
    println!("user {} removed", arguments.name);
    arguments.repository.remind();
    Ok(())
}

async fn list(repository: &Repository) -> Result<(), Error> {
    let snapshot = repository.place.read(&repository.ssh).await?;
    for (name, user) in accounts::users(&mut snapshot.edit()) {
        match user {
            Ok(user) => println!("{}", describe(&name, &user)),
            Err(error) => println!("{name}: broken: {error}"),
        }
    }
    Ok(())
}

async fn app_password(arguments: &AppPassword) -> Result<(), Error> {
    let name = arguments.name.clone();
    if let Some(id) = arguments.remove.clone() {
        arguments.repository.change(move |edit| accounts::remove_app_password(edit, &name, &id)).await?;
        println!("app password removed");
    } else {
        let (label, random) = (arguments.label.clone(), entropy::octets());
        let now = clock::rfc3339(clock::unix_seconds());
        let day = now.split('T').next().unwrap_or_default().to_owned();
        let add = move |edit: &mut gitstore::Edit| accounts::add_app_password(edit, &name, &label, &day, random);
        let secret: AppSecret = arguments.repository.change(add).await?;
        println!("{}", secret.text());
        eprintln!("it is shown only now; nobody can read it from the repository");
    }
    arguments.repository.remind();
    Ok(())
}

fn new_hash(name: &str, from_input: bool) -> Result<StoredHash, Error> {
    let password = prompt::new_password(name, from_input)?;
    accounts::check_new_password(&password)?;
    Ok(password::hash(&password, entropy::octets()))
}

fn describe(name: &str, user: &User) -> String {
    let mut facts: Vec<String> = user.display_name.iter().chain(&user.email).cloned().collect();
    facts.extend(user.administrator.then(|| "administrator".to_owned()));
    facts.extend((!user.groups.is_empty()).then(|| format!("in {}", user.groups.join(", "))));
    facts.extend(user.password.is_none().then(|| "no password".to_owned()));
    facts.extend(user.app_passwords.iter().map(|app| match app.label.as_str() {
        "" => format!("app password {}", app.id),
        label => format!("app password {} ({label})", app.id),
    }));
    if facts.is_empty() { name.to_owned() } else { format!("{name}: {}", facts.join("; ")) }
}
