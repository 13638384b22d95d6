"""Files from a browser's form, written beside the workspace while they arrive."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from aisc.core.errors import AiscError
from aisc.jobs.workspaces import CHUNK, Incoming, Receiving
from aisc.people.models import Project


class Arrived(UploadedFile):
    """One file of the form: ``incoming`` where it is, or ``problem`` why it was refused; never its bytes."""

    def __init__(self, name: str, incoming: Incoming | None, problem: AiscError | None = None) -> None:
        super().__init__(name=name, size=incoming.size if incoming else 0)
        self.incoming, self.problem = incoming, problem


class ToWorkspace(FileUploadHandler):
    """Django's way of being given files: each is received under the limits of the project, and kept nowhere else."""

    chunk_size = CHUNK

    def __init__(self, request: HttpRequest, project: Project) -> None:
        super().__init__(request)
        self._project = project
        self._receiving: Receiving | None = None
        self.arrived: list[Arrived] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        try:
            self._receiving = Receiving(self._project)
        except AiscError as error:
            self._refuse(error)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        try:
            self._receiving.write(raw_data)
        except AiscError as error:
            self._refuse(error)

    def _refuse(self, error: AiscError) -> None:
        self._receiving = None
        self.arrived.append(Arrived(self.file_name, None, error))
        raise SkipFile

    def file_complete(self, file_size: int) -> Arrived | None:
        receiving, self._receiving = self._receiving, None
        if receiving is None:
            return None
        try:
            found = Arrived(self.file_name, receiving.finish())
        except AiscError as error:
            found = Arrived(self.file_name, None, error)
        self.arrived.append(found)
        return found

    def upload_interrupted(self) -> None:
        if self._receiving is not None:
            self._receiving.discard()

    def discard(self) -> None:
        """Removes what was not placed."""
        self.upload_interrupted()
        for each in self.arrived:
            if each.incoming is not None:
                each.incoming.discard()
