//! A scan asks no faster than it may, slows down when told to, and ends in time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use driftline::collect::{self, Base, Options, Pace, Target, Wanted};

use super::emulator::{Emulator, FOLLOWED, REGION, run};
use super::proxy::{Fault, Proxy};

const SCAN: &[&str] = &["scan", "--region", REGION, "--compliance", FOLLOWED];

/// Whether a call asks for a setting of a bucket; where the bucket is, is asked for in another region's name.
fn is_setting(action: &str) -> bool {
    action.starts_with("s3:Get") && !["s3:GetBucketLocation", "s3:GetAccountPublicAccessBlock"].contains(&action)
}

/// When the settings were asked for, in seconds from the first on.
fn seconds(calls: &[(String, Instant)]) -> Vec<f64> {
    let own: Vec<_> = calls.iter().filter(|(action, _)| is_setting(action)).map(|(_, at)| *at).collect();
    let Some(first) = own.first() else { return Vec::new() };
    own.iter().map(|at| at.duration_since(*first).as_secs_f64()).collect()
}

#[test]
fn a_throttled_scan_slows_down_ends_and_loses_nothing() {
    let moto = Emulator::start("moto", &[]).expect("moto needs Python 3 only");
    moto.python(&[
        "-c",
        "import boto3\ns3 = boto3.client('s3')\nfor n in range(30): s3.create_bucket(Bucket='restraint-%02d' % n)\n",
    ]);
    let (_, free) = run(&moto.endpoint, SCAN);
    // The first ten calls of S3 are throttled, whoever makes them.
    let served = std::sync::atomic::AtomicUsize::new(0);
    let proxy = Proxy::with(&moto.endpoint, move |action, _| {
        let early = is_setting(action) && served.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 10;
        if early { Fault::Throttled } else { Fault::None }
    });
    let (_, throttled) = run(&proxy.endpoint, SCAN);
    assert_eq!(super::report::without_run(&free), super::report::without_run(&throttled), "nothing is lost");
    assert_eq!(throttled["run"]["throttled"], 10);
    let calls = throttled["run"]["calls"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>();
    let before = free["run"]["calls"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>();
    assert_eq!(calls, before + 10, "each throttled call is made once more");
    // After the throttle the burst is gone, the rate is half of 25/s, and it never comes back to more than three quarters.
    let times = seconds(&proxy.calls());
    let after: Vec<f64> = times.iter().copied().filter(|t| *t > 1.0).collect();
    let span = after.last().unwrap() - after.first().unwrap();
    #[expect(clippy::cast_precision_loss, reason = "a hundred calls")]
    let rate = after.len() as f64 / span;
    assert!(rate < 19.0, "{rate} calls a second after a throttle: {times:?}");
    let soon = times.iter().filter(|t| (1.0..2.0).contains(*t)).count();
    assert!(soon <= 16, "{soon} calls in the second after a throttle: {times:?}");
}

#[test]
fn a_limit_over_all_services_is_never_exceeded() {
    let moto = Emulator::start("moto", &[]).expect("moto needs Python 3 only");
    let proxy = Proxy::in_front_of(&moto.endpoint, &[]);
    run(&proxy.endpoint, &[SCAN, &["--max-rps", "20"]].concat());
    let calls = proxy.calls();
    let times: Vec<Instant> = calls.iter().map(|(_, at)| *at).collect();
    for window in times.windows(45) {
        let span = window[44].duration_since(window[0]);
        assert!(
            span > Duration::from_secs(1),
            "45 calls in {span:?}: a burst of 20 and 20 a second allow 40 in a second"
        );
    }
}

#[test]
fn a_region_that_cannot_be_reached_is_probed_once() {
    let moto = Emulator::start("moto", &[]).expect("moto needs Python 3 only");
    let options = Options {
        regions: vec![REGION.to_owned()],
        endpoint_url: Some(moto.endpoint.clone()),
        keys: Some(("test".to_owned(), "test".to_owned())),
        ..Options::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let collected = runtime.block_on(async {
        let mut connection = Base::load(&options).await.unwrap().own().await.unwrap();
        // From now on nobody listens.
        connection.config = connection.config.to_builder().endpoint_url("http://127.0.0.1:9").build();
        let target = Target {
            types: BTreeSet::from(["AWS::EC2::Volume", "AWS::RDS::DBInstance"]),
            stacks: None,
            pace: Pace::default(),
            wanted: &|_: &[_]| Wanted::default(),
        };
        collect::collect(&[connection], &target, &|_| {}, std::future::pending()).await
    });
    let gaps: Vec<_> = collected.gaps.iter().filter(|g| g.cause == "unreachable").collect();
    let affected: BTreeSet<&str> = gaps.iter().flat_map(|g| &g.affects).map(|t| &**t).collect();
    assert!(affected.contains("AWS::EC2::Volume") && affected.contains("AWS::RDS::DBInstance"), "{gaps:?}");
    let asked: BTreeSet<&str> = collected.calls.keys().copied().collect();
    assert!(asked.iter().all(|a| a.starts_with("cloudformation:")), "only the stacks were asked for: {asked:?}");
    assert!(collected.listed.values().all(Result::is_err), "nothing was listed: {:?}", collected.listed);
}

#[test]
fn a_scan_ends_at_its_deadline_and_says_what_is_missing() {
    let moto = Emulator::start("moto", &[]).expect("moto needs Python 3 only");
    let proxy = Proxy::never_answering(&moto.endpoint, &["rds:DescribeDBInstances"]);
    let start = Instant::now();
    let (code, report) = run(&proxy.endpoint, &[SCAN, &["--deadline", "3s", "--fail-on", "none"]].concat());
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    assert_eq!(code, 3);
    let gaps = report["gaps"].as_array().unwrap();
    let gap = gaps.iter().find(|g| g["cause"] == "interrupted").unwrap_or_else(|| panic!("{gaps:?}"));
    assert_eq!(gap["code"], "Deadline");
    assert!(gap["affects"].as_array().unwrap().iter().any(|t| t == "AWS::RDS::DBInstance"), "{gap}");
}
