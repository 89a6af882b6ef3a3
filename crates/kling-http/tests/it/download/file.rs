//! The file that a download becomes, and none where it fails.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_file_in_the_way_is_replaced_by_a_whole_one_only() {
    let in_the_way = || {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("v.mp4"), "old").expect("a file");
        directory
    };
    let file = file(10_000);
    download_into(in_the_way(), URL, client(vec![whole(&file)]))
        .await
        .expect_file(&file);

    let host = client(vec![cut(&file, 4_000), status(400)]);
    let outcome = download_into(in_the_way(), URL, host).await;
    outcome.saved.as_ref().expect_err("refused");
    assert_eq!(
        std::fs::read_to_string(outcome.path()).expect("the old file"),
        "old"
    );
    assert_eq!(names(outcome.directory.path()), ["v.mp4"]);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_cannot_be_written_to_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    std::fs::create_dir(path.join("taken")).expect("a directory");
    for place in [path.join("no/such/directory/v.mp4"), path.join("taken")] {
        let (client, _) = client(vec![whole(&file(100))]);
        let download = client.download(&video(URL)).await.expect("a download");
        let error = download.save_to(&place).await.expect_err("no place");
        assert_eq!(error.kind(), ErrorKind::Download);
        assert_eq!(
            error.to_string(),
            format!("{} can't be written", place.display())
        );
        assert_eq!(names(path), ["taken"]);
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_leaves_nothing_behind() {
    let silent = serves(&file(10_000), "\"a\"", 4_000, End::Silent);
    let (client, _) = client(vec![silent]);
    let directory = tempfile::tempdir().expect("a directory");
    let begun = client.download(&video(URL)).await.expect("a download");
    let saving = begun.save_to(directory.path().join("v.mp4"));
    let dropped = tokio::time::timeout(Duration::from_secs(30), saving).await;
    assert!(dropped.is_err());
    assert_eq!(names(directory.path()), Vec::<String>::new());
}

/// As any new file of the user's, neither private nor open to all.
#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn the_umask_decides_who_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let outcome = download(vec![whole(&file(100))]).await;
    let mode = |path: &Path| {
        std::fs::metadata(path)
            .expect("a file")
            .permissions()
            .mode()
    };
    let usual = outcome.directory.path().join("usual");
    std::fs::write(&usual, "").expect("a file");
    assert_eq!(mode(&outcome.path()), mode(&usual));
}
