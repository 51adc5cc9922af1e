"""Messages whose texts are no UTF-8, as programs send them that cut a text by its bytes: read all the same.

protobuf refuses a whole message for one such text, and with it every span of the batch.
"""

from collections.abc import Iterable
from functools import lru_cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass


def with_texts_repaired(body: bytes, kind: type[Message]) -> bytes:
    """An encoded message of ``kind`` in which U+FFFD stands for what is no UTF-8.

    Raises DecodeError for what is no such message whatever its texts are.
    """
    message = _with_bytes(kind.DESCRIPTOR)()
    message.ParseFromString(body)
    _repair(message, kind.DESCRIPTOR)
    repaired: bytes = message.SerializeToString()
    return repaired


def _repair(message: Message, described: Descriptor) -> None:
    for field, value in message.ListFields():
        own = described.fields_by_name[field.name]
        if own.message_type is not None:
            for each in value if field.is_repeated else (value,):
                _repair(each, own.message_type)
        elif own.type == FieldDescriptor.TYPE_STRING:
            if field.is_repeated:
                value[:] = [_utf8(each) for each in value]
            else:
                setattr(message, field.name, _utf8(value))


def _utf8(text: bytes) -> bytes:
    return text.decode(errors="replace").encode()


@lru_cache
def _with_bytes(described: Descriptor) -> type[Message]:
    """The same message with bytes in every place of a text: both are encoded alike."""
    pool = DescriptorPool()
    for file in _files(described.file):
        proto = FileDescriptorProto()
        file.CopyToProto(proto)
        _texts_to_bytes(proto.message_type)
        pool.Add(proto)
    kind: type[Message] = GetMessageClass(pool.FindMessageTypeByName(described.full_name))
    return kind


def _files(file: FileDescriptor) -> list[FileDescriptor]:
    """A file and all that it imports, the imported ones first."""
    found: dict[str, FileDescriptor] = {}
    for needed in file.dependencies:
        found |= {each.name: each for each in _files(needed)}
    return [*(found | {file.name: file}).values()]


def _texts_to_bytes(messages: Iterable[DescriptorProto]) -> None:
    for message in messages:
        for field in message.field:
            if field.type == FieldDescriptorProto.TYPE_STRING:
                field.type = FieldDescriptorProto.TYPE_BYTES
        _texts_to_bytes(message.nested_type)
