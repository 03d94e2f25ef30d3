"""The command line. Each command works alike whether a service runs on the data folder or not."""

from __future__ import annotations

import json
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from dream import __version__
from dream.commands import locked, run
from dream.errors import DreamError
from dream.settings import Settings, load_settings, origin, variable
from dream.user_commands import user

WIDTH = 78
SOME_REFUSED = 3
NOTHING_TO_READ = 4
INTERRUPTED = 130
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


class Commands(click.Group):
    """Shows an error that a person can act on as one sentence, and ends with status 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except DreamError as error:
            click.echo(f"dream: {error.sentence}", err=True)
            context.exit(1)
        except BrokenPipeError:
            sys.stderr.close()  # the reader of our output left; there is nobody to tell
            context.exit(0)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="dream")
def main() -> None:
    """dream: stories woven from a corpus, with a source for every sentence.

    Settings come from DREAM_* variables or a .env file; `dream config` lists them all.
    """
    # Before numpy is imported: its threads would spin on every core for products that take one core 1 ms.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


main.add_command(user)


@main.command()
def serve() -> None:
    """Serve the pages and the API until Ctrl-C."""
    from dream.serving import serve as serve_web  # the web server's imports, for this command alone

    serve_web(load_settings(), click.echo)


@main.command()
@click.option("--model", "source", type=_FOLDER, help="Take the exported model from this folder.")
@click.option("--later", is_flag=True, help="Leave reading works for their meaning to `dream jobs`.")
def setup(source: Path | None, later: bool) -> None:
    """Make everything ready: the embedding model, the database and the starter corpus.

    What is done already is skipped. The model is exported once, in an environment that is deleted afterwards. Where
    DREAM_EMBEDDING_MODEL names another model than before, every work is read by that one. With --later a new data
    folder is ready in seconds: its works are found by their words until `dream jobs` has read them.
    """
    from dream.corpus.starter import starter_folder
    from dream.store.notes import noted_model

    settings = load_settings()
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    click.echo(f"Data folder: {settings.home}")
    noted = noted_model(settings.database_path)
    chosen = settings.embedding_model if "embedding_model" in settings.model_fields_set else noted
    by_words = later and noted is None
    if by_words:
        outcomes = _ingest(settings, [starter_folder()], "starter")
    _export(settings, chosen or settings.embedding_model, source)
    if noted and chosen != noted:
        _reindex(settings, chosen)
    if not by_words:
        outcomes = _ingest(settings, [starter_folder()], "starter")
    for report in () if later else run(settings, "embed"):
        click.echo(f"Reading works for their meaning: {report['done']} of {report['of']}")
    changed = sum(count for outcome, count in outcomes.items() if outcome not in ("unchanged", "refused"))
    click.echo(f"The starter corpus stands: {sum(outcomes.values())} works, {changed} of them new or changed.")
    for report in run(settings, "first_admin"):
        click.echo(f"The first admin signs in as {report['name']} with the password {report['password']}")
        click.echo("It is shown this once. `dream user reset admin` makes another.")
    click.echo("Ready. `dream serve` serves it.")


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--corpus", default=None, metavar="NAME", help="The corpus to put them on; made if there is none of that name."
)
def ingest(paths: tuple[Path, ...], corpus: str | None) -> None:
    """Read files, or folders of files, into a corpus.

    The same file again changes nothing; a changed one replaces its work. Files that were taken are kept and read to
    their end, by the next command or service where this one is interrupted.

    Ends with status 0 when every work stands, 3 where some files were refused and all others stand, 4 where there was
    nothing to read, 1 where it could not be done at all, 130 when interrupted.
    """
    settings = load_settings()
    try:
        outcomes = _ingest(settings, list(paths), corpus or settings.corpus)
    except KeyboardInterrupt:
        _progress("")
        click.echo("Interrupted. What was taken is kept, and read by the next service or command.", err=True)
        sys.exit(INTERRUPTED)
    counted = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()) or "no files that dream reads"
    click.echo(f"{corpus or settings.corpus}: {counted}")
    if not outcomes:
        sys.exit(NOTHING_TO_READ)
    if outcomes.get("refused"):
        sys.exit(SOME_REFUSED)


@main.command()
@click.option("--pipe", type=int, hidden=True)
@click.option("--name", default="", hidden=True)
def jobs(pipe: int | None, name: str) -> None:
    """Read what authors have brought, until a signal ends it.

    `dream serve` does this by itself in a process of its own. As a service beside several of those, it needs the vector
    store as a server (DREAM_CHROMA_URL).
    """
    from dream.jobs.child import read_for_parent  # the rooms' imports, for this command alone
    from dream.jobs.figures import figures_at
    from dream.logs import configure

    settings = load_settings()
    configure(settings.log_level)
    if pipe is not None:
        read_for_parent(settings, pipe, name)
        return
    with locked(settings, "dream jobs"), figures_at(settings.jobs_metrics):
        from dream.service import Service

        service = Service(settings)
        try:
            service.background.work_here(click.echo)
        finally:
            service.close()


@main.command()
@click.argument("query", required=False)
@click.option("--corpus", metavar="NAME", help="The corpus to search.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="Hits at most.")
@click.option("--budget", type=click.IntRange(1), metavar="CHARACTERS", help="Characters of fragments at most.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.option(
    "--queries",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='A JSONL file of {"id", "query"} lines, answered a line each.',
)
def search(
    query: str | None, corpus: str | None, limit: int, budget: int | None, as_json: bool, queries: Path | None
) -> None:
    """Find the fragments that fit a query, best first."""
    if (query is None) == (queries is None):
        raise click.UsageError("Give either a query or --queries FILE.")
    asked = _queries(queries) if queries else [{"id": "", "query": str(query)}]
    for report in run(load_settings(), "search", queries=asked, corpus=corpus, limit=limit, budget=budget):
        if queries:
            click.echo(json.dumps({"id": report["id"], "hits": report["hits"]}, ensure_ascii=False))
        elif as_json:
            click.echo(
                json.dumps({"query": query, "hits": report["hits"], "missing": report["missing"]}, ensure_ascii=False)
            )
        else:
            _show_hits(report)


@main.command()
@click.argument("premise")
@click.option("--hero", help="Who it is about.")
@click.option("--place", help="Where it happens.")
@click.option("--tone", help="How it should sound.")
@click.option("--length", type=click.Choice(["short", "medium", "long"]), help="How long it is.")
@click.option("--language", type=click.Choice(["en", "ko"]), help="The story's language; the premise's own by default.")
@click.option(
    "--grounding", type=click.Choice(["strict", "inspired", "free"]), help="How closely it keeps to the fragments."
)
@click.option("--corpus", metavar="NAME", help="The corpus it draws on.")
@click.option("--seed", type=int, help="The same seed gives the same story from the loom.")
@click.option("--json", "as_json", is_flag=True, help="The telling's events, one JSON object a line.")
def tell(as_json: bool, **brief: Any) -> None:
    """Tell a story from a premise, and name what it is woven from."""
    ending: dict[str, Any] = {}
    sources: list[dict[str, Any]] = []
    for report in run(load_settings(), "tell", brief=brief):
        data = json.loads(report["data"])
        if as_json:
            click.echo(json.dumps({"event": report["event"], "data": data}, ensure_ascii=False))
        elif report["event"] == "delta":
            click.echo(data["text"], nl=False)
        elif report["event"] == "sources":
            sources = data["sources"]
        ending = data
    if not as_json:
        click.echo("\n")
        _show_sources(sources)
    if ending.get("state") != "told":
        click.echo(f"dream: {ending.get('sentence')}", err=True)
        sys.exit(1)


@main.command()
@click.option("--corpus", metavar="NAME", help="The corpus to list.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def works(corpus: str | None, as_json: bool) -> None:
    """List the works of a corpus."""
    reports = list(run(load_settings(), "works", corpus=corpus))
    if as_json:
        click.echo(json.dumps({"works": reports}, ensure_ascii=False))
        return
    for report in reports:
        author, licence = report["author"] or "unknown author", report["licence"] or "no licence named"
        click.echo(f"{report['language']}  {report['title']} · {author} · {licence}  ({report['source']})")
    if not reports:
        click.echo("This corpus is empty. `dream ingest PATH` puts texts on it.")


@main.command()
@click.option("--embedding-model", "name", metavar="NAME", help="Read every work by this model from now on.")
@click.option("--model", "source", type=_FOLDER, help="Take that model, exported elsewhere, from this folder.")
def reindex(name: str | None, source: Path | None) -> None:
    """Make the vectors and the lexical index anew from the database.

    Searches and stories go on meanwhile. With --embedding-model the old vectors are used until the new ones are whole;
    where it breaks off they stay, and the same command goes on from there.
    """
    if source and not name:
        raise click.UsageError("--model goes with --embedding-model.")
    settings = load_settings()
    if name:
        _export(settings, name, source)
    _reindex(settings, name)
    click.echo(f"Every live work is indexed{f' by {name}' if name else ''}.")


@main.command()
@click.option("--repair", is_flag=True, help="Mend what is found, from the database and the files.")
def check(repair: bool) -> None:
    """Compare the database, the source files, the vectors and the index of words.

    Ends with status 1 where something differs that was not mended.
    """
    found = list(run(load_settings(), "check", repair=repair))
    for report in found:
        click.echo(f"{'mended' if report['mended'] else 'differs'}  {report['sentence']}")
    if any(not report["mended"] for report in found):
        click.echo("`dream check --repair` mends what it can." if not repair else "The rest is for their authors.")
        sys.exit(1)
    click.echo("The database, the files, the vectors and the words agree." if not found else "All of it is mended.")


@main.command()
@click.argument("corpus")
@click.option("--to", type=click.Path(dir_okay=False, path_type=Path), help="Write into this file.")
def export(corpus: str, to: Path | None) -> None:
    """Write a corpus out as JSONL, a work a line with what is known of it. `dream ingest` reads it back."""
    reports = run(load_settings(), "export", corpus=corpus)
    first = next(reports, None)  # an error comes before the file is touched
    with to.open("w", encoding="utf-8") if to else nullcontext(sys.stdout) as out:
        for report in [first, *reports] if first else []:
            out.write(json.dumps(report, ensure_ascii=False) + "\n")


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
def backup(folder: Path) -> None:
    """Copy everything that cannot be made anew into a new FOLDER, while dream serves or not."""
    list(run(load_settings(), "backup", folder=str(folder.absolute())))
    click.echo(f"{folder} holds the database and the files. `dream restore` puts them back.")


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def restore(folder: Path) -> None:
    """Put a backup into the data folder, which must not hold data yet, and make every index anew."""
    from dream.store.backup import restore as put_back

    settings = load_settings()
    with locked(settings, "dream restore"):
        put_back(settings, folder)
    _reindex(settings, None)
    click.echo("Everything of the backup stands.")


@main.command()
def config() -> None:
    """List every setting, its value and where it came from. Secrets are masked."""
    settings = load_settings()
    for name, described in Settings.model_fields.items():
        value = getattr(settings, name)
        click.echo(f"{variable(name)} = {value if value not in (None, '') else '(not set)'}   [{origin(name)}]")
        click.echo(f"    {described.description}")


@main.command()
def doctor() -> None:
    """Say what is missing or wrong, and the command that mends it."""
    from dream.doctor import examine

    findings = list(examine(load_settings()))
    for finding in findings:
        click.echo(f"{'ok  ' if finding.well else 'mend'}  {finding.sentence}")
    if not all(finding.well for finding in findings):
        sys.exit(1)


def _export(settings: Settings, name: str, source: Path | None) -> None:
    from dream.retrieval.embedding import Embedder  # with the rest, for two commands alone
    from dream.retrieval.export import ensure_model
    from dream.retrieval.token_space import TokenSpace

    folder = ensure_model(settings.model_copy(update={"embedding_model": name}), click.echo, source)
    if not TokenSpace.stands(folder):
        TokenSpace.of(Embedder(folder, settings.embedding_precision), folder)  # seconds that no reader shall wait for


def _reindex(settings: Settings, name: str | None) -> None:
    with click.progressbar(length=1, label="Indexing", file=sys.stderr) as bar:
        for report in run(settings, "reindex", embedding_model=name):
            bar.length = report["of"]
            bar.update(1)


def _ingest(settings: Settings, paths: list[Path], corpus: str) -> dict[str, int]:
    """Ingests with a bar of progress on the terminal; counts by outcome. Refused files are named with their reason."""
    outcomes: dict[str, int] = {}
    asked: set[str] = set()
    for report in run(settings, "ingest", paths=[str(path.absolute()) for path in paths], corpus=corpus):
        source = report["source"]
        if "outcome" not in report:
            asked.add(source)
            _progress(_bar(sum(outcomes.values()), len(asked), f"{report['state']} {source}", report))
            continue
        outcomes[report["outcome"]] = outcomes.get(report["outcome"], 0) + 1
        if report["outcome"] == "refused":
            _progress("")
            click.echo(f"refused: {source}: {report['sentence']}", err=True)
        for notice in report["notices"]:
            _progress("")
            click.echo(f"note: {source}: {notice}", err=True)
    _progress("")
    return outcomes


def _bar(done: int, of: int, doing: str, report: dict[str, Any]) -> str:
    """One line: how many files are done, and how far the one at hand has come."""
    part = report["done"] / report["of"] if report["of"] else 0.0
    filled = int(20 * min((done + part) / max(of, 1), 1.0))
    return f"[{'#' * filled}{'-' * (20 - filled)}] {done} of {of}, {doing}"


def _progress(line: str) -> None:
    """Overwrites one line on a terminal; says nothing into a file or a pipe."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[2K{line[:WIDTH]}", nl=False, err=True)


def _queries(path: Path) -> list[dict[str, str]]:
    asked = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")  # other line ends may stand within a query
    except UnicodeDecodeError:
        raise click.UsageError(f"{path} is not text in UTF-8.") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            asked.append({"id": str(row["id"]), "query": str(row["query"])})
        except (ValueError, KeyError, TypeError):
            raise click.UsageError(f'Line {number} of {path} is not {{"id": ..., "query": ...}}.') from None
    return asked


def _show_hits(report: dict[str, Any]) -> None:
    if "meaning" in report["missing"]:
        click.echo(
            "Searching by words alone: the embedding model is not set up yet. `dream setup` makes it.\n", err=True
        )
    for rank, hit in enumerate(report["hits"], 1):
        click.echo(
            click.style(f"{rank}. {hit['work']}", bold=True)
            + f"  {hit['score']:.2f}  {hit['source']}:{hit['start']}-{hit['end']}"
        )
        click.echo(f"   {_excerpt(hit['text'])}\n")
    if not report["hits"]:
        click.echo("Nothing on this shelf fits that.")


def _show_sources(sources: list[dict[str, Any]]) -> None:
    works = [source["work"] for source in sources if source["work"]]
    titles = dict.fromkeys(" · ".join(filter(None, (work["title"], work["author"]))) for work in works)
    if titles:
        click.echo("Woven from:\n" + "\n".join(f"  {title}" for title in titles))
    else:
        click.echo("Nothing on the shelf fitted; this was told from the premise alone.")


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 3 * WIDTH else line[: 3 * WIDTH].rsplit(" ", 1)[0] + " ..."
