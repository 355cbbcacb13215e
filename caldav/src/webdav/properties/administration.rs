//! Properties of our own: what the administrator's page shows.

use super::super::names::GITSTEAD;
use super::super::xml::Writer;
use super::{Live, View};
use crate::resource::What;

pub(super) static LIVE: &[Live] = &[
    Live { name: (GITSTEAD, "administrator"), is_common: false, write: administrator },
    Live { name: (GITSTEAD, "kind"), is_common: false, write: kind },
    Live { name: (GITSTEAD, "app-passwords"), is_common: false, write: app_passwords },
    Live { name: (GITSTEAD, "repository"), is_common: false, write: repository },
    Live { name: (GITSTEAD, "broken-files"), is_common: false, write: broken_files },
];

fn administrator(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::User(name) = &view.resource.what else { return false };
    let Some(user) = view.context.world.user(name) else { return false };
    xml.text(if user.administrator { "true" } else { "false" });
    true
}

fn kind(view: &View<'_>, xml: &mut Writer) -> bool {
    match &view.resource.what {
        What::User(_) => xml.text("user"),
        What::Group(_) => xml.text("group"),
        _ => return false,
    }
    true
}

/// Which app passwords there are, for their owner and the administrator.
fn app_passwords(view: &View<'_>, xml: &mut Writer) -> bool {
    let What::User(name) = &view.resource.what else { return false };
    let login = view.context.login();
    if !login.administrator && login.user != *name {
        return false;
    }
    let Some(user) = view.context.world.user(name) else { return false };
    for app in &user.app_passwords {
        let created = app.created.as_deref().unwrap_or_default();
        let attributes = [("id", app.id.as_str()), ("label", &app.label), ("created", created)];
        xml.empty_with((GITSTEAD, "app-password"), &attributes);
    }
    true
}

fn repository(view: &View<'_>, xml: &mut Writer) -> bool {
    if !is_for_administrator(view) {
        return false;
    }
    let (health, settings) = (view.context.health, view.context.settings);
    let moment = |seconds: Option<u64>| seconds.map_or(String::new(), platform::clock::rfc3339);
    xml.leaf((GITSTEAD, "remote"), &settings.remote);
    xml.leaf((GITSTEAD, "reachable"), if health.is_reachable { "true" } else { "false" });
    xml.leaf((GITSTEAD, "last-error"), health.last_error.as_deref().unwrap_or_default());
    xml.leaf((GITSTEAD, "last-pull"), &moment(health.last_pull));
    xml.leaf((GITSTEAD, "last-push"), &moment(health.last_push));
    let commit = view.context.world.commit().map_or(String::new(), |commit| commit.to_string());
    xml.leaf((GITSTEAD, "commit"), &commit);
    true
}

fn broken_files(view: &View<'_>, xml: &mut Writer) -> bool {
    if !is_for_administrator(view) {
        return false;
    }
    let name = (GITSTEAD, "file");
    for (path, broken) in view.context.world.broken() {
        let line = broken.error.line.map_or(String::new(), |line| line.to_string());
        xml.start_with(name, &[("path", path), ("line", &line)]);
        xml.text(&broken.error.reason);
        xml.end(name);
    }
    true
}

fn is_for_administrator(view: &View<'_>) -> bool {
    matches!(view.resource.what, What::Principals) && view.context.login().administrator
}
