"""Who may do what in Airflow, beside its own Admin. docs/security.md says it in words.

A duty is a set of (action, resource) of the FAB auth manager, on top of what a viewer may. Whoever runs a night does not approve it.
"""

from __future__ import annotations

from typing import Any

# Anything done to a part of a DAG asks for the right to edit the DAG as well.
EDIT_DAG = ("can_edit", "DAGs")
# The menu's entries for the pages; Airflow gives it to operators alone.
SEE_PAGES = ("can_read", "Plugins")
DUTIES: dict[str, list[tuple[str, str]]] = {
    "Viewer": [SEE_PAGES],
    "Engineer": [
        SEE_PAGES,
        EDIT_DAG,
        ("can_create", "DAG Runs"),
        ("can_edit", "DAG Runs"),
        ("can_create", "Task Instances"),
        ("can_edit", "Task Instances"),
        ("can_create", "Backfills"),
        ("can_edit", "Backfills"),
        ("menu_access", "Task Instances"),
    ],
    "Approver": [
        SEE_PAGES,
        EDIT_DAG,
        ("can_edit", "HITL Detail"),
        ("menu_access", "HITL Detail"),
    ],
}


def write_roles(manager: Any) -> list[str]:
    """Make the roles exactly what is written here, also where an earlier version wrote them; returns their names.

    Args:
        manager: the security manager of Airflow's FAB application.
    """
    manager.sync_roles()
    wanted = {name: {*manager.VIEWER_PERMISSIONS, *duty} for name, duty in DUTIES.items()}
    manager.bulk_sync_roles([{"role": name, "perms": sorted(perms)} for name, perms in wanted.items()])
    for name, perms in wanted.items():
        role = manager.find_role(name)
        for permission in list(role.permissions):
            if (permission.action.name, permission.resource.name) not in perms:
                manager.remove_permission_from_role(role, permission)
    return sorted(wanted)
