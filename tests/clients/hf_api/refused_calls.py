"""What a hub of models and datasets does not do: each such method is refused, at once, in words."""

from __future__ import annotations

from huggingface_hub import Volume

from tests.clients.hf_api.world import Call

_JOB = {"image": "python:3.12", "command": ["true"]}
_ENDPOINT = {
    "repository": "ns/name",
    "framework": "pytorch",
    "accelerator": "cpu",
    "instance_size": "x1",
    "instance_type": "c6i",
    "region": "us-east-1",
    "vendor": "aws",
}

# The client asks another host for these, and only when its endpoint is that of the company.
BY_THE_CLIENT = {"list_dataset_parquet_files"}

CALLS: dict[str, Call] = {
    # Jobs
    "run_job": lambda w: w.api.run_job(**_JOB),
    "run_uv_job": lambda w: w.api.run_uv_job("print(1)"),
    "list_jobs": lambda w: list(w.api.list_jobs(namespace=w.alice)),
    "list_jobs_hardware": lambda w: w.api.list_jobs_hardware(),
    "inspect_job": lambda w: w.api.inspect_job(job_id="1"),
    "cancel_job": lambda w: w.api.cancel_job(job_id="1"),
    "rerun_job": lambda w: w.api.rerun_job(job_id="1"),
    "wait_for_job": lambda w: w.api.wait_for_job("1", timeout=5),
    "fetch_job_logs": lambda w: list(w.api.fetch_job_logs(job_id="1")),
    "fetch_job_metrics": lambda w: list(w.api.fetch_job_metrics(job_id="1")),
    "update_job_labels": lambda w: w.api.update_job_labels(job_id="1", labels={"a": "b"}),
    "update_job_expose": lambda w: w.api.update_job_expose(job_id="1", expose=[80]),
    "create_scheduled_job": lambda w: w.api.create_scheduled_job(schedule="@daily", **_JOB),
    "create_scheduled_uv_job": lambda w: w.api.create_scheduled_uv_job(
        "print(1)", schedule="@daily"
    ),
    "list_scheduled_jobs": lambda w: list(w.api.list_scheduled_jobs()),
    "inspect_scheduled_job": lambda w: w.api.inspect_scheduled_job(scheduled_job_id="1"),
    "delete_scheduled_job": lambda w: w.api.delete_scheduled_job(scheduled_job_id="1"),
    "suspend_scheduled_job": lambda w: w.api.suspend_scheduled_job(scheduled_job_id="1"),
    "resume_scheduled_job": lambda w: w.api.resume_scheduled_job(scheduled_job_id="1"),
    "trigger_scheduled_job": lambda w: w.api.trigger_scheduled_job(scheduled_job_id="1"),
    "update_scheduled_job_labels": lambda w: w.api.update_scheduled_job_labels(
        scheduled_job_id="1", labels={}
    ),
    "update_scheduled_job_schedule": lambda w: w.api.update_scheduled_job_schedule(
        scheduled_job_id="1", schedule="@daily"
    ),
    "sync_job_volume": lambda w: w.api.sync_job_volume(w.folder, "/data"),
    # Inference endpoints
    "create_inference_endpoint": lambda w: w.api.create_inference_endpoint("e", **_ENDPOINT),
    "create_inference_endpoint_from_catalog": lambda w: (
        w.api.create_inference_endpoint_from_catalog("ns/name")
    ),
    "get_inference_endpoint": lambda w: w.api.get_inference_endpoint("e"),
    "list_inference_endpoints": lambda w: w.api.list_inference_endpoints(),
    "list_inference_endpoints_hardware": lambda w: w.api.list_inference_endpoints_hardware(),
    "list_inference_catalog": lambda w: w.api.list_inference_catalog(),
    "update_inference_endpoint": lambda w: w.api.update_inference_endpoint("e", min_replica=0),
    "pause_inference_endpoint": lambda w: w.api.pause_inference_endpoint("e"),
    "resume_inference_endpoint": lambda w: w.api.resume_inference_endpoint("e"),
    "scale_to_zero_inference_endpoint": lambda w: w.api.scale_to_zero_inference_endpoint("e"),
    "delete_inference_endpoint": lambda w: w.api.delete_inference_endpoint("e"),
    # Buckets
    "create_bucket": lambda w: w.api.create_bucket(f"{w.alice}/b"),
    "bucket_info": lambda w: w.api.bucket_info(f"{w.alice}/b"),
    "list_buckets": lambda w: list(w.api.list_buckets()),
    "delete_bucket": lambda w: w.api.delete_bucket(f"{w.alice}/b"),
    "move_bucket": lambda w: w.api.move_bucket(f"{w.alice}/b", f"{w.alice}/c"),
    "update_bucket_settings": lambda w: w.api.update_bucket_settings(f"{w.alice}/b", private=True),
    "list_bucket_tree": lambda w: list(w.api.list_bucket_tree(f"{w.alice}/b")),
    "get_bucket_paths_info": lambda w: list(w.api.get_bucket_paths_info(f"{w.alice}/b", ["x"])),
    "get_bucket_file_metadata": lambda w: w.api.get_bucket_file_metadata(f"{w.alice}/b", "x"),
    "batch_bucket_files": lambda w: w.api.batch_bucket_files(f"{w.alice}/b", delete=["x"]),
    "download_bucket_files": lambda w: w.api.download_bucket_files(
        f"{w.alice}/b", [("x", w.folder / "x")]
    ),
    "sync_bucket": lambda w: w.api.sync_bucket(str(w.folder), f"hf://buckets/{w.alice}/b"),
    # Papers, the data set viewer, leaderboards
    "list_papers": lambda w: list(w.api.list_papers(query="x")),
    "list_daily_papers": lambda w: list(w.api.list_daily_papers()),
    "paper_info": lambda w: w.api.paper_info("2407.21783"),
    "read_paper": lambda w: w.api.read_paper("2407.21783"),
    "get_dataset_leaderboard": lambda w: w.api.get_dataset_leaderboard(w.repo_of("dataset")),
    "list_dataset_parquet_files": lambda w: w.api.list_dataset_parquet_files(w.repo_of("dataset")),
    # What would run a space
    "request_space_hardware": lambda w: w.api.request_space_hardware(
        w.repo_of("space"), "cpu-basic"
    ),
    "set_space_sleep_time": lambda w: w.api.set_space_sleep_time(w.repo_of("space"), 300),
    "pause_space": lambda w: w.api.pause_space(w.repo_of("space")),
    "restart_space": lambda w: w.api.restart_space(w.repo_of("space")),
    "enable_space_dev_mode": lambda w: w.api.enable_space_dev_mode(w.repo_of("space")),
    "disable_space_dev_mode": lambda w: w.api.disable_space_dev_mode(w.repo_of("space")),
    "fetch_space_logs": lambda w: list(w.api.fetch_space_logs(w.repo_of("space"))),
    "set_space_volumes": lambda w: w.api.set_space_volumes(
        w.repo_of("space"), [Volume(type="model", source=w.repo, mount_path="/m")]
    ),
    "delete_space_volumes": lambda w: w.api.delete_space_volumes(w.repo_of("space")),
    "list_spaces_hardware": lambda w: w.api.list_spaces_hardware(),
    "list_space_templates": lambda w: w.api.list_space_templates(),
    "search_spaces": lambda w: list(w.api.search_spaces("x")),
    "get_zero_gpu_quota": lambda w: w.api.get_zero_gpu_quota(),
}
