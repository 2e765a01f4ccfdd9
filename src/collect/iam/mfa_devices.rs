//! MFA devices in use: the virtual ones. No listing tells of hardware devices and passkeys; a user's `MfaDevices` and the credential report's
//! `MfaActive` count those too.

use async_trait::async_trait;
use aws_sdk_iam::Client;
use aws_sdk_iam::operation::list_virtual_mfa_devices::ListVirtualMfaDevicesOutput;
use aws_sdk_iam::types::{AssignmentStatusType, User, VirtualMfaDevice};

use super::PAGE;
use crate::collect::shape::{text, time, token};
use crate::collect::{Collector, Cx, Out, Reach, Spec, TypeSpec};
use crate::model::Resource;
use crate::model::types::MFA_DEVICE;

const LIST: &str = "iam:ListVirtualMFADevices";

/// `UserArn` ends with `:root` where it is the root user's, who has no name.
const TYPE: TypeSpec = TypeSpec {
    name: MFA_DEVICE,
    asked: &[("", LIST)],
    reads: &["EnableDate", "SerialNumber", "UserArn", "UserName"],
    ..TypeSpec::LISTED
};

static SPEC: Spec =
    Spec { name: "iam/mfa-devices", reach: Reach::Global, listings: 1, types: &[TYPE], actions: &[LIST] };

/// Collects virtual MFA devices.
pub struct MfaDevices;

#[async_trait]
impl Collector for MfaDevices {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    async fn collect(&self, cx: &Cx, out: &mut Out) {
        let iam = Client::new(&cx.config);
        let request = iam.list_virtual_mfa_devices().assignment_status(AssignmentStatusType::Assigned).max_items(PAGE);
        let listing = cx
            .pages(LIST, &[TYPE.name], |start| request.clone().set_marker(start).send(), |page| token(page.marker()))
            .await;
        for device in listing.pages.iter().flat_map(ListVirtualMfaDevicesOutput::virtual_mfa_devices) {
            out.push(resource(cx, device));
        }
        out.listed(TYPE.name, &listing.end);
    }
}

fn resource(cx: &Cx, device: &VirtualMfaDevice) -> Resource {
    let mut r = cx.resource(&SPEC, TYPE.name, device.serial_number(), "");
    r.set("SerialNumber", text(Some(device.serial_number())));
    r.set("EnableDate", time(device.enable_date()));
    r.set("UserArn", text(device.user().map(User::arn)));
    r.set("UserName", text(device.user().map(User::user_name)));
    r
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::testing::{claimed, collected, cx, properties, refused};
    use crate::model::GLOBAL;

    #[tokio::test]
    async fn devices_know_whose_they_are_page_by_page() {
        let cx = cx(GLOBAL, |asked| {
            assert!(asked.contains("AssignmentStatus=Assigned"), "{asked}");
            let device = |serial: &str, user: &str| {
                format!(
                    "<VirtualMFADevices><member><SerialNumber>{serial}</SerialNumber>
                     <EnableDate>2024-01-01T00:00:00Z</EnableDate><User>{user}</User></member></VirtualMFADevices>"
                )
            };
            let found = if asked.contains("Marker=more") {
                device("arn:mfa/root-account-mfa-device", "<Arn>arn:aws:iam::123456789012:root</Arn>")
            } else {
                let user = "<UserName>ann</UserName><Arn>arn:aws:iam::123456789012:user/ann</Arn>";
                device("arn:mfa/ann", user) + "<IsTruncated>true</IsTruncated><Marker>more</Marker>"
            };
            let result = format!("<ListVirtualMFADevicesResult>{found}</ListVirtualMFADevicesResult>");
            (200, format!("<ListVirtualMFADevicesResponse>{result}</ListVirtualMFADevicesResponse>"))
        });
        let out = collected(&MfaDevices, &cx).await;
        let [ann, root] = &out.resources[..] else { panic!("{out:?}") };
        assert_eq!(properties(ann), claimed(&SPEC, ann));
        assert_eq!(ann.get("UserName").as_str(), Some("ann"));
        assert_eq!(root.get("UserArn").as_str(), Some("arn:aws:iam::123456789012:root"));
        assert!(root.get("UserName").is_absent());
        assert_eq!(refused(&MfaDevices, GLOBAL).await.resources, []);
    }
}
