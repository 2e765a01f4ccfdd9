//! Whether instances may read the secret of their database, and no other.

use crate::model::{Estate, Items, Kind, Provenance, Read, Related, Resource, Unknown, Value};
use crate::rules::readers::compute_role::{self, ROLE};
use crate::rules::readers::policy::in_force::InForce;
use crate::rules::readers::policy::resources::{Named, named};
use crate::rules::readers::policy::{Document, Statement, matches, unknown};
use crate::rules::readers::template_text::Written;
use crate::rules::{Context, Preset, Verdict, check, rules};

use super::instance_roles::of_compute;

rules! {
    /// ## Why
    /// An application that may not read the database's secret gets the password some other way, where it is never rotated. One that may
    /// read every secret gets those of all other applications too.
    ///
    /// Judged are roles that instances get, where there is a database whose credentials are in Secrets Manager: managed by RDS
    /// (`ManageMasterUserPassword`), named by `MasterUserPassword`, or attached (`AWS::SecretsManager::SecretTargetAttachment`); AWS tells only
    /// of the first. The role must allow `secretsmanager:GetSecretValue` on the secret of one of them, and on nothing by a bare `*`; and
    /// `kms:Decrypt` (or be let by the key's policy) where the secret has a key of the customer's.
    ///
    /// ## Fix
    /// ```yaml
    /// - Effect: Allow
    ///   Action: secretsmanager:GetSecretValue
    ///   Resource: !GetAtt Database.MasterUserSecret.SecretArn
    /// ```
    "instance-role-secret-read" => {
        title: "Instance roles may read exactly the database secret they need from Secrets Manager.",
        category: Iam,
        severity: High,
        scope: Estate,
        types: [
            "AWS::AutoScaling::LaunchConfiguration",
            "AWS::EC2::Instance",
            "AWS::EC2::LaunchTemplate",
            "AWS::IAM::Role",
        ],
        reads: [
            "AWS::IAM::InstanceProfile",
            "AWS::IAM::ManagedPolicy",
            "AWS::IAM::Policy",
            "AWS::IAM::RolePolicy",
            "AWS::KMS::Alias",
            "AWS::KMS::Key.KeyPolicy",
            "AWS::RDS::DBCluster",
            "AWS::RDS::DBInstance",
            "AWS::SecretsManager::Secret",
            "AWS::SecretsManager::SecretTargetAttachment",
        ],
        params: { role_pattern: Preset::Pattern(".*") => "roles that are judged, by name or logical id" },
        equivalents: [],
        check: reads_secret,
    }
}

const ACTION: &str = "secretsmanager:GetSecretValue";
const SECRET: &str = "AWS::SecretsManager::Secret";
const DATABASES: &[&str] = &["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"];
const EXPECTED: &str = "secretsmanager:GetSecretValue on the secret of a database, and not on *";

fn reads_secret(r: &Resource, cx: &Context<'_>) -> Option<Verdict> {
    // Few subjects get this far: only they look through the databases.
    let concerned = if &*r.kind == ROLE {
        compute_role::is_compute(cx.estate, r) != Ok(false)
    } else {
        compute_role::opaque(cx.estate, r).is_some()
    };
    if !concerned {
        return None;
    }
    let (secrets, open) = secrets(r, cx.estate);
    let name = r.get("RoleName");
    let names = [r.address.logical_id.as_deref(), r.address.physical_id.as_deref(), name.as_str()];
    let wanted = cx.params.pattern("role_pattern").is_none_or(|p| names.iter().flatten().any(|name| p.is_match(name)));
    if !wanted || (secrets.is_empty() && open.is_none()) {
        return None;
    }
    of_compute(r, cx, |role, cx| {
        if let (true, Some(why)) = (secrets.is_empty(), &open) {
            return unknown(&role.get("Policies"), "no database with a secret", why);
        }
        let policies = InForce::of(cx.estate, role);
        let read = secrets.iter().map(|secret| {
            let allowed =
                policies.allows_where(ACTION, EXPECTED, |statement| names_secret(statement, secret, cx.estate));
            if let Verdict::Fail(_) = allowed { allowed } else { allowed.and(decrypts(role, &policies, secret, cx)) }
        });
        one_of(read).and(nothing_wide(&policies))
    })
}

/// One of the verdicts passes; else the first that leaves it open, else the first: the evidence of one secret is enough.
fn one_of(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let mut best = Verdict::Pass;
    for (n, verdict) in verdicts.enumerate() {
        match (&verdict, &best) {
            (Verdict::Pass, _) => return verdict,
            (Verdict::Unknown(_), Verdict::Fail(_)) => best = verdict,
            _ if n == 0 => best = verdict,
            _ => {}
        }
    }
    best
}

/// A secret with the credentials of a database.
enum DbSecret<'a> {
    /// A secret that the estate holds.
    Own(&'a Resource),
    /// The secret that RDS manages for a database.
    Managed(&'a Resource),
}

impl<'a> DbSecret<'a> {
    fn resource(&self) -> &'a Resource {
        match self {
            Self::Own(resource) | Self::Managed(resource) => resource,
        }
    }

    /// The key it is encrypted with.
    fn key(&self) -> Read<'a> {
        match self {
            Self::Own(secret) => secret.get("KmsKeyId"),
            Self::Managed(db) => db.get("MasterUserSecret.KmsKeyId"),
        }
    }

    /// Its ARN, where AWS tells it.
    fn arn(&self) -> Option<&'a str> {
        match self {
            Self::Own(secret) => secret.address.arn.as_deref().or(secret.address.physical_id.as_deref()),
            Self::Managed(db) => db.get("MasterUserSecret.SecretArn").as_str(),
        }
    }
}

/// The secrets of the databases around a role, and why there may be more.
fn secrets<'a>(role: &Resource, estate: &'a Estate) -> (Vec<DbSecret<'a>>, Option<Unknown>) {
    let (mut found, mut open) = (Vec::new(), None);
    let mut own: Vec<&Resource> = Vec::new();
    for kind in DATABASES {
        let databases = estate.of(role, kind);
        open = open.or(databases.incomplete);
        for db in databases.items {
            let managed = db.get("ManageMasterUserPassword").value().and_then(Value::as_bool) == Some(true);
            if managed || db.get("MasterUserSecret.SecretArn").value().is_some() {
                found.push(DbSecret::Managed(db));
            } else if !db.is_live() {
                own.extend(named_by_password(estate, db));
            }
        }
    }
    for attachment in estate.of(role, "AWS::SecretsManager::SecretTargetAttachment").items {
        if let Related::Found(secret) = estate.follow(&attachment.get("SecretId"), &[SECRET]) {
            own.push(secret);
        }
    }
    own.sort_by(|a, b| a.address.cmp(&b.address));
    own.dedup_by(|a, b| a.address == b.address);
    found.extend(own.into_iter().map(DbSecret::Own));
    (found, open)
}

/// The secret of the same template that `MasterUserPassword` is resolved from.
fn named_by_password<'a>(estate: &'a Estate, db: &Resource) -> Option<&'a Resource> {
    let text = Written::at(&db.get("MasterUserPassword"))?.text;
    text.contains("resolve:secretsmanager:").then_some(())?;
    estate.beside(db, SECRET).find(|secret| {
        let filled_in = mentions(&text, secret);
        let name = secret.get("Name");
        filled_in || name.as_str().is_some_and(|name| text.contains(&format!("resolve:secretsmanager:{name}:")))
    })
}

/// Whether a text fills in a resource or one of its attributes.
fn mentions(text: &str, resource: &Resource) -> bool {
    let id = resource.address.logical_id.as_deref().unwrap_or("?");
    text.contains(&format!("${{{id}}}")) || text.contains(&format!("${{{id}."))
}

/// Whether a statement names a secret, and nothing by a bare `*`.
fn names_secret(statement: &Statement<'_>, secret: &DbSecret<'_>, estate: &Estate) -> Result<bool, Unknown> {
    if !statement.is_specific()? {
        return Ok(false);
    }
    let mut open = None;
    for item in &statement.resources() {
        match named(item) {
            Named::Unknown(why) => open = Some(why),
            Named::Reference if refers(estate, item, secret) => return Ok(true),
            Named::Text(text) if refers(estate, item, secret) || is_named(&text, secret) => return Ok(true),
            Named::Reference | Named::Text(_) => {}
        }
    }
    open.map_or(Ok(false), Err)
}

fn refers(estate: &Estate, read: &Read<'_>, secret: &DbSecret<'_>) -> bool {
    let kinds = [SECRET, "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"];
    matches!(estate.follow(read, &kinds), Related::Found(found) if found.address == secret.resource().address)
}

/// Whether an ARN, possibly with wildcards, is that of a secret. The ARN ends in six characters that nobody chose.
fn is_named(text: &str, secret: &DbSecret<'_>) -> bool {
    let Some((_, pattern)) = text.split_once(":secret:") else { return mentions(text, secret.resource()) };
    if pattern.bytes().all(|b| b == b'*') {
        return false;
    }
    if let Some((_, name)) = secret.arn().and_then(|arn| arn.split_once(":secret:")) {
        return matches(pattern, name);
    }
    match secret {
        DbSecret::Own(secret) => {
            let name = secret.get("Name");
            let by_name = |name: &str| pattern == name || matches(pattern, &format!("{name}-Abc123"));
            mentions(pattern, secret) || Written::at(&name).is_some_and(|name| by_name(&name.text))
        }
        DbSecret::Managed(db) => {
            let kind = if db.kind.ends_with("DBCluster") { "cluster" } else { "db" };
            matches(pattern, &format!("rds!{kind}-0-Abc123"))
        }
    }
}

/// No statement allows to read every secret.
fn nothing_wide(policies: &InForce<'_>) -> Verdict {
    policies.each(EXPECTED, |statement| match (statement.allows(ACTION), statement.is_specific()) {
        (Ok(true), Ok(false)) => check::fail(&statement.read.get("Resource"), EXPECTED),
        (Err(why), Ok(false)) => unknown(&statement.read.get("Action"), EXPECTED, &why),
        (Ok(true), Err(why)) => unknown(&statement.read.get("Resource"), EXPECTED, &why),
        _ => Verdict::Pass,
    })
}

/// The role may use the key of a secret; AWS's own key needs no permission.
fn decrypts(role: &Resource, policies: &InForce<'_>, secret: &DbSecret<'_>, cx: &Context<'_>) -> Verdict {
    let key = secret.key();
    let expected = "kms:Decrypt on the key of the secret";
    if key.is_absent() || key.as_str().is_some_and(|id| id.ends_with("alias/aws/secretsmanager")) {
        return Verdict::Pass;
    }
    policies.allows("kms:Decrypt", expected).or(|| {
        let place = secret.resource().address.name();
        match key_of(cx.estate, &key) {
            Related::Found(key) if key.provenance == Provenance::Service => Verdict::Pass,
            Related::Found(key) => {
                let policy = Document::new(key.get("KeyPolicy"));
                policy.has(expected, |statement| lets(statement, role, cx.estate)).on(key.address.name())
            }
            Related::Missing => check::fail(&key, expected).on(place),
            Related::Unknown(why) => unknown(&key, expected, &why).on(place),
        }
    })
}

fn key_of<'a>(estate: &'a Estate, id: &Read<'_>) -> Related<'a> {
    match estate.follow(id, &["AWS::KMS::Key", "AWS::KMS::Alias"]) {
        Related::Found(alias) if &*alias.kind == "AWS::KMS::Alias" => {
            estate.follow(&alias.get("TargetKeyId"), &["AWS::KMS::Key"])
        }
        found => found,
    }
}

/// Whether a statement of a key's policy lets a role decrypt.
fn lets(statement: &Statement<'_>, role: &Resource, estate: &Estate) -> Result<bool, Unknown> {
    if !statement.allows("kms:Decrypt")? {
        return Ok(false);
    }
    let principals = statement.read.get("Principal.AWS");
    let Items::Are(items) = principals.items() else { return principals.why_unknown().map_or(Ok(false), Err) };
    let mut open = None;
    for item in &items {
        if matches!(estate.follow(item, &["AWS::IAM::Role"]), Related::Found(found) if found.address == role.address) {
            return Ok(true);
        }
        // A reference to something else is not this role, whatever it will be.
        let elsewhere = matches!(item.value().map(|v| &v.kind), Some(Kind::Ref(_)));
        open = open.or_else(|| item.why_unknown().filter(|_| !elsewhere && !is_root(item)));
    }
    open.map_or(Ok(false), Err)
}

/// The account itself: it leaves it to the policies of the role.
fn is_root(principal: &Read<'_>) -> bool {
    Written::at(principal).is_some_and(|written| written.text.ends_with(":root"))
}
