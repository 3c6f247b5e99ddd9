//! `rehose digest`: asks for a digest, and makes it unless it is there.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rehose_reprocess::digest::{
    Changes, Claim, DigestOutcome, DigestRequest, Digests, Proof, Requested,
};
use rehose_reprocess::error::Result;
use rehose_reprocess::ledger::Ledger;
use rehose_reprocess::ledger::report::Report;

use super::Again;
use super::job::Local;
use crate::args::digest::DigestArgs;
use crate::console::{print as print_line, print_error, print_note};
use crate::exit::{FAILED, status_of};

/// A digest that has ended.
pub(super) struct Made {
    report: Report,
    /// The proof of one that was there, and what has changed since.
    before: Option<(Box<Proof>, Changes)>,
}

/// Makes a digest, or continues the one that was begun, or finds the one that is there.
pub(super) async fn run(args: &DigestArgs, again: &Again) -> Result<Made> {
    let local = Local::open(&args.job, None).await?;
    let request = DigestRequest {
        source: local.jobs.source.name(),
        prefix: args.job.stash.prefix(),
        exclude: args.job.stash.acceptance.exclude.clone(),
        errors: args.job.stash.acceptance.errors().unwrap_or_default(),
        max_rejected: args.job.stash.acceptance.max_rejected().unwrap_or_default(),
        digest: args.digest(),
        options: args.job.stash.options(),
    };
    let now = Timestamp::now();
    let _lock = local.lock(&request.first(now)?).await?;
    again.begin();
    let digests = Digests::new(
        Arc::clone(&local.jobs.output),
        vec![local.jobs.source.clone()],
    );
    let claim: Claim = match digests.request(&request, args.refresh, now).await? {
        Requested::Claimed(claim) | Requested::InProgress { claim, .. } => claim,
        Requested::Present(proof) => {
            let ledger = Ledger::new(Arc::clone(&local.jobs.output), proof.job.clone());
            match (
                ledger.report().await?,
                digests.claim(proof.version()).await?,
            ) {
                (Some(report), _) => {
                    let changes = digests.changes(&proof).await?;
                    let before = Some((proof, changes));
                    return Ok(Made { report, before });
                }
                // Its job was interrupted between the proof and the report.
                (None, Some(claim)) => claim,
                (None, None) => return Err(ledger.damaged("job.json", "its claim is gone")),
            }
        }
    };
    let report = local.run(claim.start()).await?;
    Ok(Made {
        report,
        before: None,
    })
}

/// Prints what was made, and returns the exit status.
pub(super) fn print(args: &DigestArgs, made: &Made) -> u8 {
    let Made { report, before } = made;
    super::print_result(&args.job, report);
    let result = report
        .digest
        .as_ref()
        .and_then(|digest| digest.result.as_ref());
    let Some(result) = result else {
        return status_of(report);
    };
    if result.state == DigestOutcome::Failed {
        let reason = result.reason.as_deref().unwrap_or_default();
        print_error(&format!(
            "there is no digest: {reason}; run the same command to try again"
        ));
        return FAILED;
    }
    if !args.job.json {
        for file in &result.files {
            print_line(&format!(
                "digest: {}",
                super::path(&args.job.stash.output, &file.key)
            ));
        }
    }
    match before {
        Some((proof, changes)) => {
            print_note(&format!("the digest is there since {:.0}", proof.ended));
            if *changes != Changes::default() {
                print_note(&describe(*changes));
            }
        }
        None => {
            let digest = args.digest();
            let lateness = SignedDuration::from_secs(digest.lateness.into());
            if report.started < digest.to + lateness {
                print_note(&format!(
                    "objects with records of the window may arrive until {:.0}; run again with --refresh then",
                    digest.to + lateness
                ));
            }
        }
    }
    status_of(report)
}

fn describe(changes: Changes) -> String {
    let counts = [
        (changes.arrived, "arrived"),
        (changes.changed, "changed"),
        (changes.gone, "are gone"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    format!(
        "stale: of the objects of its hours, {} since; --refresh makes the next version",
        counts.join(", ")
    )
}
