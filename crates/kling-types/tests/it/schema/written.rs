//! Whatever the types write fits its schema.

use super::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), any::<String>()]
}

fn decimal<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>()
-> impl Strategy<Value = T> {
    "-?[0-9]{1,12}(\\.[0-9]{1,8})?".prop_map(|text| text.parse().expect("a decimal"))
}

fn unknown_members() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("x_[a-z]{1,4}", member(&["kept"]), 0..3)
        .prop_map(|members| members.into_iter().collect())
}

prop_compose! {
    fn video()(
        id in option::of(".{1,8}"),
        url in option::of(text()),
        watermark_url in option::of(text()),
        duration in option::of(decimal()),
        extra in unknown_members(),
    ) -> Video {
        let mut video = Video::default();
        video.id = id.and_then(TaskId::new);
        video.url = url;
        video.watermark_url = watermark_url;
        video.duration = duration;
        video.extra = extra;
        video
    }
}

prop_compose! {
    fn image()(index in option::of(any::<i64>()), url in option::of(text())) -> Image {
        let mut image = Image::default();
        image.index = index;
        image.url = url;
        image
    }
}

prop_compose! {
    fn info()(id in option::of(".{1,8}"), parent in option::of(video())) -> TaskInfo {
        let mut info = TaskInfo::default();
        info.external_task_id = id.and_then(ExternalTaskId::new);
        info.parent_video = parent;
        info
    }
}

prop_compose! {
    fn result()(
        videos in prop::collection::vec(video(), 0..3),
        images in prop::collection::vec(image(), 0..3),
    ) -> TaskResult {
        let mut result = TaskResult::default();
        result.videos = videos;
        result.images = images;
        result
    }
}

prop_compose! {
    fn deduction()(quota in option::of(decimal()), list_price in option::of(decimal())) -> BalanceDeduction {
        let mut deduction = BalanceDeduction::default();
        deduction.quota = quota;
        deduction.list_price = list_price;
        deduction
    }
}

prop_compose! {
    fn task()(
        (id, status) in (".{1,24}", text()),
        status_msg in option::of(text()),
        info in option::of(info()),
        result in option::of(result()),
        watermark in option::of(option::of(any::<bool>())),
        unit_deduction in option::of(decimal()),
        balance_deduction in option::of(deduction()),
        created_at in option::of(any::<i64>()),
        updated_at in option::of(any::<i64>()),
        extra in unknown_members(),
    ) -> Task {
        let id = TaskId::new(id).expect("not empty");
        let mut task = Task::new(id, TaskStatus::from(status));
        task.status_msg = status_msg;
        task.info = info;
        task.result = result;
        task.watermark_info = watermark.map(|enabled| {
            let mut watermark = WatermarkInfo::default();
            watermark.enabled = enabled;
            watermark
        });
        task.unit_deduction = unit_deduction;
        task.balance_deduction = balance_deduction;
        task.created_at = created_at.map(UnixMillis::new);
        task.updated_at = updated_at.map(UnixMillis::new);
        task.extra = extra;
        task
    }
}

prop_compose! {
    /// A request without a structural fault; the rest may be anything.
    fn request()(
        scene in "[^\\s\\p{Cc}]{1,12}",
        pictures in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 1..3),
        mode in option::of(text()),
        model in option::of(text()),
        duration in option::of("[0-9]{1,3}(\\.[0-9]{1,2})?"),
        callback in option::of("https?://[a-z]{1,8}(/[ -~]{0,8})?"),
        id in option::of("[a-z.]{3,40}"),
        extra in unknown_members(),
    ) -> EffectRequest {
        let scene = Scene::new(scene);
        let mut images = pictures.into_iter().map(ImageSource::bytes);
        let mut request = match (images.next(), images.next()) {
            (Some(left), Some(right)) => EffectRequest::dual(scene, left, right),
            (image, _) => EffectRequest::single(scene, image.expect("at least one")),
        };
        if let Some(mode) = mode {
            request = request.with_mode(Mode::from(mode));
        }
        if let Some(model) = model {
            request = request.with_model_name(ModelName::from(model));
        }
        if let Some(duration) = duration {
            request = request.with_duration(duration);
        }
        request.callback_url = callback;
        request.external_task_id = id.and_then(ExternalTaskId::new);
        request.extra = extra;
        request
    }
}

proptest! {
    #[test]
    fn every_request_that_rust_writes_fits(request in request()) {
        let value = serde_json::to_value(&request).expect("JSON");
        prop_assert!(accepts("EffectRequest", &value), "{value:#}");
        prop_assert!(accepts("EffectInput", &value["input"]), "{value:#}");
    }

    #[test]
    fn every_answer_that_rust_writes_fits(
        tasks in prop::collection::vec(task(), 0..3),
        code in prop_oneof![any::<i64>().prop_map(Value::from), text().prop_map(Value::from)],
        message in option::of(text()),
    ) {
        let mut one: TaskEnvelope = serde_json::from_value(json!({"code": code})).expect("an envelope");
        one.message.clone_from(&message);
        one.request_id.clone_from(&message);
        one.data = tasks.first().cloned();
        let value = serde_json::to_value(&one).expect("JSON");
        prop_assert!(accepts("TaskEnvelope", &value), "{value:#}");

        let mut list: TaskListEnvelope = serde_json::from_value(json!({"code": code})).expect("an envelope");
        list.message = message;
        list.data.clone_from(&tasks);
        let value = serde_json::to_value(&list).expect("JSON");
        prop_assert!(accepts("TaskListEnvelope", &value), "{value:#}");

        for task in tasks {
            let value = serde_json::to_value(&task).expect("JSON");
            prop_assert!(accepts("Task", &value), "{value:#}");
        }
    }
}
