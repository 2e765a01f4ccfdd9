//! The credential report: one row per user, and the root user's, with what each can sign in with and when it last did.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_iam::Client;
use aws_sdk_iam::operation::get_credential_report::GetCredentialReportOutput;
use aws_sdk_iam::types::ReportStateType;

use crate::collect::json::capitalised;
use crate::collect::shape::{text, time};
use crate::collect::{Answer, Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::types::CREDENTIAL_REPORT;
use crate::model::{Kind, Resource, Unknown};

const GENERATE: &str = "iam:GenerateCredentialReport";
const READ: &str = "iam:GetCredentialReport";

/// How often IAM is asked whether the report is there, and how long to wait in between: seconds for most accounts.
const POLLS: u32 = 8;
const PAUSE: Duration = Duration::from_secs(2);

/// The columns of the report, their names written as properties are.
const TYPE: TypeSpec = TypeSpec {
    name: CREDENTIAL_REPORT,
    asked: &[("", READ)],
    reads: &[
        "AccessKey1Active",
        "AccessKey1LastRotated",
        "AccessKey1LastUsedDate",
        "AccessKey1LastUsedRegion",
        "AccessKey1LastUsedService",
        "AccessKey2Active",
        "AccessKey2LastRotated",
        "AccessKey2LastUsedDate",
        "AccessKey2LastUsedRegion",
        "AccessKey2LastUsedService",
        "Arn",
        "Cert1Active",
        "Cert1LastRotated",
        "Cert2Active",
        "Cert2LastRotated",
        "MfaActive",
        "PasswordEnabled",
        "PasswordLastChanged",
        "PasswordLastUsed",
        "PasswordNextRotation",
        "User",
        "UserCreationTime",
    ],
    ..TypeSpec::LISTED
};

static SPEC: Spec = Spec {
    name: "iam/credential-report",
    reach: Reach::Global,
    listings: POLLS + 1,
    types: &[TYPE],
    actions: &[GENERATE, READ],
};

/// Reads the credential report.
pub struct CredentialReport;

#[async_trait]
impl Collector for CredentialReport {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        out.merge(read(cx, &Client::new(&cx.config), PAUSE).await);
    }
}

/// Where the report may not be made, one that somebody else had made in the last four hours is read.
async fn read(cx: &Cx, iam: &Client, pause: Duration) -> Out {
    for poll in 1..=POLLS {
        match cx.ask(GENERATE, &[TYPE.name], &[], iam.generate_credential_report().send()).await {
            Answer::Is(answer) if answer.state() != Some(&ReportStateType::Complete) => {
                if poll < POLLS {
                    tokio::time::sleep(pause).await;
                }
            }
            _ => break,
        }
    }
    let mut out = Out::default();
    match cx.ask(READ, &[TYPE.name], &[], iam.get_credential_report().send()).await {
        Answer::Is(report) => match rows(cx, &report) {
            Some(rows) => {
                out.resources = rows;
                out.listed(TYPE.name, &Ok(()));
            }
            None => out.listed(TYPE.name, &Err(unreadable("MalformedReport"))),
        },
        Answer::Absent => out.listed(TYPE.name, &Err(unreadable("ReportNotPresent"))),
        Answer::Unknown(why) => out.listed(TYPE.name, &Err(why)),
    }
    out
}

fn unreadable(code: &str) -> Unknown {
    Unknown::Failed { action: READ.into(), code: code.into() }
}

/// The rows; nothing if it is no table of users.
fn rows(cx: &Cx, report: &GetCredentialReportOutput) -> Option<Vec<Resource>> {
    let table = std::str::from_utf8(report.content()?.as_ref()).ok()?;
    let mut lines = table.lines().filter(|line| !line.is_empty());
    let columns: Vec<String> = lines.next()?.split(',').map(property).collect();
    let made = time(report.generated_time());
    columns.iter().any(|name| name == "User").then(|| lines.map(|line| row(cx, &columns, line, &made)).collect())
}

/// `access_key_1_active` → `AccessKey1Active`.
fn property(column: &str) -> String {
    column.split('_').map(capitalised).collect()
}

/// No cell is ever quoted: names of users hold no commas. Known by the user's name alone: the ARN is the user's own.
fn row(cx: &Cx, columns: &[String], line: &str, made: &Kind) -> Resource {
    let cells: Vec<&str> = line.split(',').collect();
    let cell = |name: &str| {
        let at = columns.iter().position(|column| column == name)?;
        cells.get(at).copied()
    };
    let mut r = cx.resource(&SPEC, TYPE.name, cell("User").unwrap_or_default(), "");
    for &name in TYPE.reads {
        r.set(name, cell(name).map_or_else(|| Kind::Unknown(unreadable("MissingInReport")), value));
    }
    r.set_attribute("GeneratedTime", made.clone());
    r
}

/// `N/A` is "there is none", and `no_information` "never, or before IAM kept record". `not_supported` says nothing at all: that is how the report
/// speaks of the root user's password.
fn value(cell: &str) -> Kind {
    match cell {
        "N/A" | "no_information" => Kind::Null,
        "not_supported" => Kind::Unknown(unreadable("NotSupported")),
        _ if cell.eq_ignore_ascii_case("true") => Kind::Bool(true),
        _ if cell.eq_ignore_ascii_case("false") => Kind::Bool(false),
        _ => text(Some(cell)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::GLOBAL;

    const REPORT: &str = "\
user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,\
access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,\
access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,\
access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated
<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,not_supported,no_information,not_supported,not_supported,\
true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A
ann,arn:aws:iam::123456789012:user/ann,2020-01-01T00:00:00+00:00,TRUE,2024-05-01T10:00:00+00:00,2024-01-01T00:00:00+00:00,N/A,\
false,TRUE,2023-01-01T00:00:00+00:00,2024-05-02T00:00:00+00:00,eu-west-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A
";

    fn answer(action: &str, result: &str) -> (u16, String) {
        (200, format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"))
    }

    fn report(table: &str) -> (u16, String) {
        let content = aws_smithy_types::base64::encode(table);
        let made = "<GeneratedTime>2024-06-01T00:00:00Z</GeneratedTime>";
        answer(
            "GetCredentialReport",
            &format!("<Content>{content}</Content><ReportFormat>text/csv</ReportFormat>{made}"),
        )
    }

    #[tokio::test]
    async fn each_row_is_a_user_and_the_root_user_is_one() {
        let cx = cx(GLOBAL, |asked| match asked {
            asked if asked.contains("GenerateCredentialReport") => {
                answer("GenerateCredentialReport", "<State>COMPLETE</State>")
            }
            _ => report(REPORT),
        });
        let out = collected(&CredentialReport, &cx).await;
        let [root, ann] = &out.resources[..] else { panic!("{out:?}") };
        for r in [root, ann] {
            assert_eq!(properties(r), claimed(&SPEC, r));
            assert_eq!(r.attribute("GeneratedTime").as_str(), Some("2024-06-01T00:00:00Z"));
        }
        assert_eq!(root.address.physical_id.as_deref(), Some("<root_account>"));
        let why = root.get("PasswordEnabled").why_unknown().map(|why| why.to_string());
        assert_eq!(why.as_deref(), Some("iam:GetCredentialReport failed: NotSupported"));
        assert!(root.get("PasswordLastUsed").is_absent());
        assert_eq!(root.get("MfaActive").value().map(|v| &v.kind), Some(&Kind::Bool(true)));
        assert_eq!(ann.get("PasswordEnabled").value().map(|v| &v.kind), Some(&Kind::Bool(true)));
        assert_eq!(ann.get("AccessKey1LastUsedService").as_str(), Some("s3"));
        assert!(ann.get("AccessKey2LastRotated").is_absent());
    }

    #[tokio::test]
    async fn a_report_in_the_making_is_waited_for_but_not_for_ever() {
        let cx = cx(GLOBAL, |asked| match asked {
            asked if asked.contains("GenerateCredentialReport") => {
                answer("GenerateCredentialReport", "<State>STARTED</State>")
            }
            _ => (404, "<ErrorResponse><Error><Code>ReportInProgress</Code></Error></ErrorResponse>".into()),
        });
        let out = read(&cx, &Client::new(&cx.config), Duration::ZERO).await;
        assert_eq!(cx.calls.made()[GENERATE], u64::from(POLLS));
        assert_eq!(cx.calls.made().values().sum::<u64>(), u64::from(SPEC.listings));
        assert_eq!(out.listed[TYPE.name], Err(unreadable("ReportInProgress")));
    }

    #[tokio::test]
    async fn who_may_not_have_it_made_reads_the_one_that_is_there() {
        let cx = cx(GLOBAL, |asked| match asked {
            asked if asked.contains("GenerateCredentialReport") => {
                (403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>".into())
            }
            _ => report("user,mfa_active\nann,true\n"),
        });
        let out = collected(&CredentialReport, &cx).await;
        let [ann] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(ann.get("MfaActive").value().map(|v| &v.kind), Some(&Kind::Bool(true)));
        assert_eq!(ann.get("PasswordEnabled").why_unknown(), Some(unreadable("MissingInReport")));
        assert_eq!(cx.calls.gaps().len(), 1);
    }

    #[tokio::test]
    async fn what_is_no_table_of_users_is_unknown() {
        let cx = cx(GLOBAL, |asked| match asked {
            asked if asked.contains("GenerateCredentialReport") => {
                answer("GenerateCredentialReport", "<State>COMPLETE</State>")
            }
            _ => report("<html>"),
        });
        let out = collected(&CredentialReport, &cx).await;
        assert_eq!(out.listed[TYPE.name], Err(unreadable("MalformedReport")));
        assert_eq!(refused(&CredentialReport, GLOBAL).await.resources, []);
    }
}
