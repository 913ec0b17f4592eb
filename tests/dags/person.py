"""A person who answers what a run asks, as she does in the UI."""

from __future__ import annotations

import threading


def answer_when_asked(is_over: threading.Event, dag: str, task: str, option: str = "Approve") -> None:
    """Answer the pending request through the API's own route, as the UI does, however long the run takes to ask."""
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
    from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import select

    while not is_over.wait(0.5):
        with create_session() as session:
            waiting = session.scalar(
                select(TaskInstance).where(
                    TaskInstance.dag_id == dag, TaskInstance.task_id == task, TaskInstance.state == "awaiting_input"
                )
            )
            if waiting is not None:
                answer = UpdateHITLDetailPayload(chosen_options=[option], params_input={})
                person = SimpleAuthManagerUser(username="ada", role="admin")
                update_hitl_detail(dag, waiting.run_id, task, answer, person, session)
                return
