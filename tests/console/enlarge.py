"""Writes into a Viva database what would take long to bring about: many sessions like the only one there, and a long
conversation of it, like its only completion.

    enlarge.py viva.db SESSIONS TURNS
"""

import json
import sqlite3
import sys


def insert(database: sqlite3.Connection, table: str, rows: list[dict]) -> None:
    names = list(rows[0])
    places = ", ".join("?" for _ in names)
    database.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})", [[row[name] for name in names] for row in rows])


def before(identifier: bytes, number: int) -> bytes:
    """An id that is older by `number`."""
    return (int.from_bytes(identifier, "big") - number).to_bytes(16, "big")


def sessions(model: dict, count: int) -> list[dict]:
    rows = []
    for number in range(1, count + 1):
        name = f"like it {number - 1:05}"
        row = model | {
            "id": before(model["id"], number),
            "name": name,
            "search": model["search"].replace(model["name"], name),
            "interactions": 0,
            "result_bytes": 0,
            "change": 0,
        }
        rows.append(row)
    return rows


def turns(model: dict, count: int) -> list[dict]:
    """The last of them is the model itself; each is asked with all that was said before."""
    rows, messages = [], []
    for number in range(1, count + 1):
        messages.append({"role": "user", "content": f"Question {number}"})
        answer = f"The answer to question {number}."
        row = model | {
            "id": before(model["id"], count - number),
            "request": json.dumps({"conversation": model["conversation"], "messages": messages}),
            "response": answer,
        }
        rows.append(row)
        messages = [*messages, {"role": "assistant", "content": answer}]
    return rows


def main() -> None:
    path, session_count, turn_count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    # The server has it open, too.
    database = sqlite3.connect(path, timeout=30)
    database.row_factory = sqlite3.Row
    # The database's triggers call it; older libraries lack it.
    database.create_function("octet_length", 1, lambda text: None if text is None else len(str(text).encode()), deterministic=True)
    [session] = database.execute("SELECT * FROM session").fetchall()
    [completion] = database.execute("SELECT * FROM completion").fetchall()
    with database:
        insert(database, "session", sessions(dict(session), session_count))
        database.execute("DELETE FROM completion")
        insert(database, "completion", turns(dict(completion), turn_count))
        database.execute("UPDATE session SET interactions = ? WHERE id = ?", (turn_count, session["id"]))


main()
