//! Master passwords of databases.

use crate::model::{Estate, Read, Resource, Unknown, Value, types};
use crate::rules::readers::written;
use crate::rules::{Context, Evidence, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// A master password in a template or a parameter is in the repository, in the history of the stack and in the heads of those who deploy. One
    /// that RDS keeps in Secrets Manager nobody needs to know, and it is rotated.
    ///
    /// Accepted are `ManageMasterUserPassword` and a dynamic reference to Secrets Manager or to a `SecureString`. A literal, a parameter and a plain
    /// `{{resolve:ssm:…}}` fail; with `accept_noecho_parameter` a parameter with `NoEcho` and without a default passes. With `require_managed`
    /// only `ManageMasterUserPassword` does. Members of a cluster, replicas and secondary clusters have no password of their own. One that
    /// comes from a snapshot is not known. AWS never tells where the password of a database came from that it does not manage itself: on the
    /// observed side that is unknown.
    ///
    /// ## Fix
    /// ```yaml
    /// Database:
    ///   Type: AWS::RDS::DBInstance
    ///   Properties:
    ///     MasterUsername: admin
    ///     ManageMasterUserPassword: true
    /// ```
    ///
    /// ```sh
    /// aws rds modify-db-instance --db-instance-identifier orders --manage-master-user-password
    /// ```
    "rds-master-password-managed" => {
        title: "Database master credentials are managed in Secrets Manager, never passed as plain text.",
        category: Secrets,
        severity: Critical,
        scope: Resource,
        types: ["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"],
        params: {
            accept_noecho_parameter: Preset::Bool(false) => "accept a NoEcho parameter without a default",
            require_managed: Preset::Bool(false) => "accept nothing but ManageMasterUserPassword",
        },
        equivalents: [],
        check: |r, cx| has_password(r).then(|| password(r, cx)),
    }
}

/// Whether a database has a master password of its own.
fn has_password(r: &Resource) -> bool {
    let given = |name: &&str| !r.get(name).is_absent();
    if &*r.kind == "AWS::RDS::DBInstance" {
        return !["DBClusterIdentifier", "SourceDBInstanceIdentifier", "SourceDBClusterIdentifier"].iter().any(given);
    }
    // A secondary cluster of a global database takes everything over from the first one.
    let secondary = given(&"GlobalClusterIdentifier")
        && !r.is_live()
        && !["MasterUsername", "MasterUserPassword"].iter().any(given);
    !given(&"ReplicationSourceIdentifier") && !secondary
}

/// What a database can be restored from, password included.
const SOURCES: &[&str] = &[
    "DBSnapshotIdentifier",
    "SnapshotIdentifier",
    "DBClusterSnapshotIdentifier",
    "SourceDBClusterIdentifier",
    "SourceDbiResourceId",
    "SourceDBInstanceAutomatedBackupsArn",
];

fn password(r: &Resource, cx: &Context<'_>) -> Verdict {
    let flag = r.get("ManageMasterUserPassword");
    let managed = check::is_true(&flag);
    let secret = r.get("MasterUserSecret").get("SecretArn");
    if managed.is_pass() || (r.is_live() && secret.value().is_some()) {
        return Verdict::Pass;
    }
    if cx.params.bool("require_managed") {
        return managed;
    }
    if r.is_live() {
        let why = Unknown::Unsupported("where a password came from that RDS does not manage".into());
        return managed.or(|| Verdict::unknown(Evidence::unknown(&flag, "a password in Secrets Manager", &why)));
    }
    let origin = written_password(r, cx);
    match managed {
        Verdict::Unknown(_) => managed.or(|| origin),
        _ => origin,
    }
}

/// Where the template takes the password from.
fn written_password(r: &Resource, cx: &Context<'_>) -> Verdict {
    let read = r.get("MasterUserPassword");
    let expected = "a password that Secrets Manager keeps";
    if read.is_absent() {
        if let Some(source) = SOURCES.iter().map(|name| r.get(name)).find(|source| !source.is_absent()) {
            let why = Unknown::Outside("the password of the snapshot or source".into());
            return Verdict::unknown(Evidence::unknown(&source, expected, &why));
        }
        return check::fail(&r.get("ManageMasterUserPassword"), "true");
    }
    let text = written::text(&read);
    let raw = written::raw(&read).and_then(|raw| raw.child("Ref")).and_then(Value::as_str);
    let filled = text.as_deref().and_then(|text| text.strip_prefix("${")?.strip_suffix('}'));
    if let Some(parameter) = raw.or(filled).and_then(|name| parameter(cx.estate, r, name)) {
        return of_parameter(&read, &parameter, cx);
    }
    let service = match read.why_unknown() {
        Some(Unknown::Dynamic(service)) => Some(service.to_string()),
        _ => text.as_deref().and_then(resolved_by).map(str::to_owned),
    };
    match service.as_deref() {
        Some("secretsmanager" | "ssm-secure") => Verdict::Pass,
        Some(_) => Verdict::fail(Evidence {
            actual: Some("plain text in Systems Manager".into()),
            ..Evidence::of(&read, expected)
        }),
        None if read.why_unknown().is_some() => check::unknown(&read, expected),
        None => check::fail(&read, expected),
    }
}

/// The service that a dynamic reference asks: `{{resolve:secretsmanager:…}}`.
fn resolved_by(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix("{{resolve:")?.split(':').next()
}

/// The declaration of a parameter of the template that a resource stands in.
fn parameter<'a>(estate: &'a Estate, r: &Resource, name: &str) -> Option<Read<'a>> {
    let template = estate.of_type(types::TEMPLATE).find(|t| t.address.stack == r.address.stack)?;
    Some(template.get("Parameters").get(name)).filter(|read| !read.is_absent())
}

fn of_parameter(read: &Read<'_>, parameter: &Read<'_>, cx: &Context<'_>) -> Verdict {
    let fail = |expected: &str| {
        let name = parameter.path.rsplit('.').next().unwrap_or_default();
        Verdict::fail(Evidence { actual: Some(format!("parameter {name}")), ..Evidence::of(read, expected) })
    };
    if !cx.params.bool("accept_noecho_parameter") {
        return fail("a password that Secrets Manager keeps, and no parameter");
    }
    let hidden = parameter.get("NoEcho").value().and_then(Value::as_bool) == Some(true);
    if hidden && parameter.get("Default").is_absent() {
        Verdict::Pass
    } else {
        fail("a parameter with NoEcho and without a default")
    }
}
