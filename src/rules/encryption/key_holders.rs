//! Who holds which rights on a key.

use std::collections::BTreeMap;

use super::{is_kept, told};
use crate::model::{Resource, Unknown};
use crate::rules::answer::{all, any};
use crate::rules::readers::policy::Statement;
use crate::rules::readers::policy::grantee::{Grantee, Owner, Who};
use crate::rules::readers::policy::key::{self, ADMINISTER};
use crate::rules::{Context, Preset, Verdict, check, rules};

rules! {
    /// ## Why
    /// `kms:*` for the account's root hands the key to everybody to whom any IAM policy of the account gives `kms` rights: the key's own policy
    /// then protects nothing.
    ///
    /// That statement is KMS's default policy, so a key without `KeyPolicy` fails. A condition on the statement is accepted, and so is a root
    /// that may only administer the key unless `allow_root_admin_only` is false. Without any administrator a key cannot be managed any more:
    /// name one at the same time (`kms-key-admin-user-separation`).
    ///
    /// ## Fix
    /// ```yaml
    /// - Sid: RootAdministersOnly
    ///   Effect: Allow
    ///   Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}
    ///   Action: [kms:Describe*, kms:Get*, kms:List*, kms:PutKeyPolicy, kms:ScheduleKeyDeletion, kms:CancelKeyDeletion]
    ///   Resource: "*"
    /// ```
    ///
    /// ```sh
    /// aws kms put-key-policy --key-id alias/data --policy file://policy.json
    /// ```
    "kms-key-policy-root-restricted" => {
        title: "Key policies do not hand the account root unlimited kms:* rights.",
        category: Encryption,
        severity: Medium,
        scope: Resource,
        types: ["AWS::KMS::Key"],
        reads: ["AWS::KMS::Key.KeyPolicy"],
        params: {
            allow_root_admin_only: Preset::Bool(true) => "accept a root that may administer the key but not use it",
        },
        equivalents: [],
        check: |r, cx| is_kept(r).then(|| root(r, cx)),
    }

    /// ## Why
    /// Who administers a key should not be able to read what it protects, and who uses it should not be able to change who may: one
    /// compromised role is then not enough.
    ///
    /// The policy must have a statement that only administers, one that only uses, and nobody in both. KMS's default policy, where `KeyPolicy`
    /// is absent, gives root both and fails. With `ignore_root` root is not counted. Actions that only look at the key
    /// (`kms:DescribeKey`, `kms:List*`), and revoking grants, are everybody's.
    ///
    /// ## Fix
    /// ```yaml
    /// - Sid: Administer
    ///   Effect: Allow
    ///   Principal: {AWS: !GetAtt KeyAdminRole.Arn}
    ///   Action: [kms:Describe*, kms:Enable*, kms:Disable*, kms:Put*, kms:Update*, kms:ScheduleKeyDeletion, kms:CancelKeyDeletion]
    ///   Resource: "*"
    /// - Sid: Use
    ///   Effect: Allow
    ///   Principal: {AWS: !GetAtt ApplicationRole.Arn}
    ///   Action: [kms:Decrypt, kms:Encrypt, kms:ReEncrypt*, kms:GenerateDataKey*, kms:DescribeKey]
    ///   Resource: "*"
    /// ```
    "kms-key-admin-user-separation" => {
        title: "Key administrators and key users are different principals in separate statements.",
        category: Encryption,
        severity: Medium,
        scope: Resource,
        types: ["AWS::KMS::Key"],
        reads: ["AWS::KMS::Key.KeyPolicy"],
        params: {
            ignore_root: Preset::Bool(false) => "do not count the account's root",
        },
        equivalents: [],
        check: |r, cx| is_kept(r).then(|| separation(r, cx)),
    }

    /// ## Why
    /// A foreign account in a key policy can decrypt as soon as its own administrator wants it to. So can everybody, with `*`.
    ///
    /// Foreign accounts must be in `trusted_accounts`, or the statement must be held to an organisation or account: `aws:PrincipalOrgID`,
    /// `aws:PrincipalOrgPaths`, `kms:CallerAccount`, `aws:PrincipalAccount`, `aws:PrincipalArn` or `aws:SourceAccount`; or a statement of the policy denies the key to
    /// all others. KMS's default policy, where `KeyPolicy` is absent, lets nobody foreign in. `require_statement` wants such a condition in any
    /// case. A template does not tell its own account: a number in it may be that one, so it is unknown there.
    ///
    /// ## Fix
    /// ```yaml
    /// - Sid: OnlyTheOrganisation
    ///   Effect: Deny
    ///   Principal: "*"
    ///   Action: kms:*
    ///   Resource: "*"
    ///   Condition:
    ///     StringNotEquals: {aws:PrincipalOrgID: o-a1b2c3d4e5}
    ///     Bool: {aws:PrincipalIsAWSService: "false"}
    /// ```
    "kms-key-cross-account-controlled" => {
        title: "Cross-account access in key policies is limited to trusted accounts or the organisation.",
        category: Encryption,
        severity: Medium,
        scope: Resource,
        types: ["AWS::KMS::Key"],
        reads: ["AWS::KMS::Key.KeyPolicy"],
        params: {
            trusted_accounts: Preset::Texts(&[]) => "numbers of the accounts that may use the keys",
            require_statement: Preset::Bool(false) => "demand a condition on organisation or account even if nobody foreign is let in",
        },
        equivalents: [],
        check: |r, cx| is_kept(r).then(|| cross_account(r, cx)),
    }
}

fn root(r: &Resource, cx: &Context<'_>) -> Verdict {
    let document = key::document(r);
    let policy = document.read();
    let expected = "no unlimited rights for the account's root";
    if policy.is_absent() {
        return check::fail(&policy, expected);
    }
    document.each(expected, |statement| {
        let is_root = any(statement.grantees().into_iter().map(|grantee| match grantee.who {
            Who::Account(_) => Ok(true),
            Who::Unknown(why) => Err(why),
            _ => Ok(false),
        }));
        let administers = statement.covers("kms:PutKeyPolicy");
        let uses = if cx.params.bool("allow_root_admin_only") { statement.covers("kms:Decrypt") } else { Ok(true) };
        let open = Ok(!statement.has("Condition"));
        let unlimited = all([statement.is_allow(), is_root, administers, uses, open]);
        told(unlimited.map(|yes| !yes), &statement.read.get("Action"), expected)
    })
}

fn separation(r: &Resource, cx: &Context<'_>) -> Verdict {
    let document = key::document(r);
    let (statements, open) = document.all();
    let list = document.read().get("Statement");
    let ignore_root = cx.params.bool("ignore_root");
    let (mut admins, mut users) = (Vec::new(), Vec::new());
    // Each principal's rights: to administer, to use.
    let mut holders: BTreeMap<String, (bool, bool)> = BTreeMap::new();
    let (mut unsure, mut unnamed) = (open, None);
    for statement in &statements {
        let counted: Vec<Grantee<'_>> = statement
            .grantees()
            .into_iter()
            .filter(|grantee| !(ignore_root && matches!(grantee.who, Who::Account(_))))
            .collect();
        let somebody = Ok(!counted.is_empty());
        let allows = all([statement.is_allow(), somebody]);
        let administers = all([allows.clone(), statement.covers_any(ADMINISTER)]);
        let encrypts = all([allows, statement.covers_use()]);
        match (&administers, &encrypts) {
            (Ok(a), Ok(u)) => {
                admins.push(Ok(*a && !*u));
                users.push(Ok(*u && !*a));
                for grantee in counted.iter().filter(|_| *a || *u) {
                    match name(&grantee.who) {
                        Ok(name) => {
                            let rights = holders.entry(name).or_default();
                            *rights = (rights.0 || *a, rights.1 || *u);
                        }
                        Err(why) => unnamed = Some(why),
                    }
                }
            }
            (Err(why), _) | (_, Err(why)) => unsure = Some(why.clone()),
        }
    }
    if let Some(&(administers, uses)) = holders.get("*") {
        for rights in holders.values_mut() {
            *rights = (rights.0 || administers, rights.1 || uses);
        }
    }
    let both: Vec<&str> =
        holders.iter().filter(|(_, rights)| **rights == (true, true)).map(|(name, _)| &**name).collect();
    if !both.is_empty() {
        let expected = format!(
            "nobody who both administers and uses the key, as do {}",
            both.join(", ").replace("${AWS.", "${AWS::")
        );
        return check::fail(&list, &expected);
    }
    let open = || unsure.clone().map(Err);
    let verdict = told(any(admins.into_iter().chain(open())), &list, "a statement that only administers").and(told(
        any(users.into_iter().chain(open())),
        &list,
        "a statement that only uses the key",
    ));
    if !verdict.is_pass() {
        return verdict;
    }
    let others = unsure.clone().or(unnamed).or_else(|| undecided(&holders));
    others.map_or(Verdict::Pass, |why| told(Err(why), &list, "nobody who both administers and uses the key"))
}

/// A principal's name, the same for the same one.
fn name(who: &Who) -> Result<String, Unknown> {
    Ok(match who {
        Who::Everybody => "*".to_owned(),
        Who::Service(name, _) => format!("{name}.amazonaws.com"),
        Who::Account(Owner::Own) => "root".to_owned(),
        Who::Account(Owner::Other(account) | Owner::Unknown(account, _)) => format!("root of {account}"),
        Who::Identity(_, name) => name.clone(),
        Who::Other => "others".to_owned(),
        Who::Unknown(why) => return Err(why.clone()),
    })
}

/// Why two names that differ may still be the same principal: one has a hole that the other may fill.
fn undecided(holders: &BTreeMap<String, (bool, bool)>) -> Option<Unknown> {
    let hole = |name: &str| name.replace("${AWS.", "").contains("${");
    let one = |right: fn(&(bool, bool)) -> bool| holders.iter().filter(move |(_, rights)| right(rights));
    let (mut admins, mut users) = (one(|r| r.0), one(|r| r.1));
    let open = admins.find(|(name, _)| hole(name)).or_else(|| users.find(|(name, _)| hole(name)));
    open.map(|(name, _)| Unknown::Runtime(name.as_str().into()))
}

/// Conditions that hold a statement to an organisation or to accounts.
fn is_guard(key: &str) -> bool {
    const KEYS: &[&str] = &[
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:sourceaccount",
        "kms:calleraccount",
    ];
    KEYS.contains(&key)
}

fn cross_account(r: &Resource, cx: &Context<'_>) -> Verdict {
    let document = key::document(r);
    let (statements, open) = document.all();
    let denied = any(statements.iter().map(|s| all([s.is_deny(), s.is_for_others_than(is_guard)])));
    let expected = "trusted accounts, or a condition on the organisation or account";
    let limited = document.each(expected, |statement| {
        if statement.is_allow() == Ok(false) {
            return Verdict::Pass;
        }
        let fine = |foreign: Result<bool, Unknown>| {
            any([foreign.map(|yes| !yes), statement.is_held_to(is_guard), denied.clone()])
        };
        Verdict::all(statement.grantees().iter().map(|grantee| {
            let answer =
                fine(all([statement.is_allow(), is_foreign(&grantee.who, cx.params.texts("trusted_accounts"))]));
            told(answer, &grantee.read, expected)
        }))
    });
    if !cx.params.bool("require_statement") {
        return limited;
    }
    let held = statements.iter().map(|s| guard_of(s));
    let answer = any(held.chain([denied]).chain(open.map(Err)));
    limited.and(told(
        answer,
        &document.read().get("Statement"),
        "a statement that speaks of the organisation or account",
    ))
}

fn guard_of(statement: &Statement<'_>) -> Result<bool, Unknown> {
    all([statement.is_allow(), statement.is_held_to(is_guard)])
}

/// Whether a principal is outside of the account and of those that are trusted.
fn is_foreign(who: &Who, trusted: &[String]) -> Result<bool, Unknown> {
    let is_trusted = |account: &str| trusted.iter().any(|t| t == account);
    match who {
        Who::Everybody => Ok(true),
        Who::Account(owner) | Who::Identity(owner, _) => match owner {
            Owner::Own => Ok(false),
            Owner::Other(account) => Ok(!is_trusted(account)),
            Owner::Unknown(account, _) if is_trusted(account) => Ok(false),
            Owner::Unknown(_, why) => Err(why.clone()),
        },
        Who::Service(..) | Who::Other => Ok(false),
        Who::Unknown(why) => Err(why.clone()),
    }
}
