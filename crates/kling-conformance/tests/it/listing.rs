//! Finding tasks by id, by external id, and in the list.

use kling_http::{EffectRequest, ErrorKind, ExternalTaskId, ImageSource, Scene};
use kling_mock::{Mock, Profile};

fn request() -> EffectRequest {
    let image = ImageSource::url("https://example.com/me.jpg");
    EffectRequest::single(Scene::COLOR_MIXING, image)
}

#[tokio::test(start_paused = true)]
async fn a_task_is_found_by_both_of_its_ids_and_in_the_list() {
    let mock = Mock::builder().profile(Profile::kling()).build();
    let client = mock.client().unwrap();
    let mine = ExternalTaskId::new("order 1/β").unwrap();
    let create = request().with_external_task_id(mine.clone());
    let task = client.effects().create(create).await.unwrap();
    let other = client.effects().create(request()).await.unwrap();

    let found = client.effects().get(task.id()).await.unwrap();
    assert_eq!(found.external_id(), Some(&mine));
    let found = client.effects().get_by_external_id(&mine).await.unwrap();
    assert_eq!(&found.id, task.id());

    let mut tasks = client.effects().list().page_size(1).tasks();
    let mut listed = Vec::new();
    while let Some(task) = tasks.next().await {
        listed.push(task.unwrap().id);
    }
    assert_eq!(listed, [other.id().clone(), task.id().clone()]);
}

#[tokio::test(start_paused = true)]
async fn each_of_many_tasks_is_listed_once_while_more_are_created() {
    let mock = Mock::builder().profile(Profile::kling()).build();
    let client = mock.client().unwrap();
    let mut created = Vec::new();
    for _ in 0..120 {
        let task = client.effects().create(request()).await.unwrap();
        created.push(task.id().clone());
    }
    let mut pages = client.effects().list().page_size(10).pages();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        listed.extend(page.unwrap().into_iter().map(|task| task.id));
        for _ in 0..3 {
            let _ = client.effects().create(request()).await.unwrap();
        }
    }
    created.reverse();
    assert_eq!(listed, created);
}

#[tokio::test(start_paused = true)]
async fn comet_has_neither_lookup_nor_list_and_nothing_is_sent() {
    let mock = Mock::new();
    let client = mock.client().unwrap();
    let id = ExternalTaskId::new("x").unwrap();
    let error = client.effects().get_by_external_id(&id).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error = client.effects().list().tasks().next().await.unwrap();
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Unsupported);
    assert!(mock.journal().is_empty());
}
