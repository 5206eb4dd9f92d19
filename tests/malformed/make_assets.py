"""Writes the broken mesh, image and height files beside this file, each with one defect.

    python tests/malformed/make_assets.py      # after a change: look at the difference

expected.txt of each folder says what the reader must answer: it is written by hand.
"""

import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).resolve().parent
NAN, INF = float("nan"), float("inf")
# a tetrahedron
V = [(0, 0, 0), (1, 0, 0), (0, 2, 0), (0, 0, 3)]
F = [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]


def stl(vertices=V, count=None, extra=b""):
    out = bytes(80) + struct.pack("<I", len(F) if count is None else count)
    for face in F:
        out += struct.pack("<12f", 0, 0, 0, *[x for v in face for x in vertices[v]]) + b"\0\0"
    return out + extra


def text_stl(corner="vertex 0 0 0", head="solid box", corners=3, end=" endloop\nendfacet\n"):
    lines = [corner, "vertex 1 0 0", "vertex 0 1 0", "vertex 0 0 1"][:corners]
    body = "facet normal 0 0 1\n outer loop\n" + "".join(f"  {line}\n" for line in lines)
    return f"{head}\n{body}{end}endsolid box\n".encode()


def with_first(x):
    return [(x, 0, 0), *V[1:]]


def stl_files():
    good = stl()
    yield "empty", b""
    yield "header", bytes(80)
    yield "header_cut", bytes(83)
    yield "count_zero", bytes(84)
    yield "count_more", stl(count=5)
    yield "count_less", stl(count=3)
    yield "count_huge", stl(count=0xFFFFFFFF)
    yield "count_wraps", stl(count=0x05555556)
    yield "count_one", stl(count=1)
    yield "byte_more", stl(extra=b"\0")
    yield "byte_less", good[:-1]
    yield "cut_in_triangle", good[:100]
    yield "cut_after_triangle", good[:134]
    yield "triangle_more", stl(extra=bytes(50))
    yield "nan", stl(with_first(NAN))
    yield "infinite", stl(with_first(INF))
    yield "minus_infinite", stl(with_first(-INF))
    yield "too_large", stl(with_first(1e11))
    yield "ply", b"ply\nformat ascii 1.0\n"
    yield "upper_case", text_stl(head="SOLID box")
    yield "utf16", text_stl().decode().encode("utf-16")
    yield "text_empty", b"solid box\nendsolid box\n"
    yield "text_only_solid", b"solid"
    yield "text_two_numbers", text_stl("vertex 0 0")
    yield "text_four_numbers", text_stl("vertex 0 0 0 0")
    yield "text_word", text_stl("vertex 0 0 x")
    yield "text_nan", text_stl("vertex 0 0 nan")
    yield "text_infinite", text_stl("vertex 0 0 inf")
    yield "text_exponent", text_stl("vertex 0 0 1e999")
    yield "text_comma", text_stl("vertex 0 0 1,5")
    yield "text_hexadecimal", text_stl("vertex 0 0 0x10")
    yield "text_too_large", text_stl("vertex 0 0 1e11")
    yield "text_two_corners", text_stl(corners=2)
    yield "text_four_corners", text_stl(corners=4)
    yield "text_no_corner", text_stl(corners=0)
    yield "text_open_facet", text_stl(end="")


def obj(*lines):
    good = ["v 0 0 0", "v 1 0 0", "v 0 2 0", "v 0 0 3"]
    return "".join(f"{line}\n" for line in [*good, *lines]).encode()


def obj_files():
    yield "empty", b""
    yield "comment", b"# nothing\n"
    yield "no_vertex", b"vn 0 0 1\nvt 0 0\n"
    yield "stl", stl()
    yield "utf16", obj("f 1 2 3").decode().encode("utf-16")
    yield "vertex_alone", obj("v")
    yield "vertex_two_numbers", obj("v 0 0")
    yield "vertex_word", obj("v 0 0 x")
    yield "vertex_nan", obj("v 0 nan 0")
    yield "vertex_infinite", obj("v inf 0 0")
    yield "vertex_exponent", obj("v 1e999 0 0")
    yield "vertex_comma", obj("v 1,5 0 0")
    yield "vertex_hexadecimal", obj("v 0x10 0 0")
    yield "vertex_unit", obj("v 1m 0 0")
    yield "vertex_too_large", obj("v 1e11 0 0")
    yield "face_alone", obj("f")
    yield "face_one_corner", obj("f 1")
    yield "face_two_corners", obj("f 1 2")
    yield "face_zero", obj("f 0 1 2")
    yield "face_beyond", obj("f 1 2 5")
    yield "face_far_beyond", obj("f 1 2 99999999999")
    yield "face_minus_beyond", obj("f -5 1 2")
    yield "face_minus_far", obj("f -2147483648 1 2")
    yield "face_largest", obj("f 2147483647 1 2")
    yield "face_fraction", obj("f 1.5 2 3")
    yield "face_word", obj("f a b c")
    yield "face_no_vertex", obj("f /1 2 3")
    yield "face_trailing", obj("f 1x 2 3")
    yield "face_continued", obj("f 1 2 \\", " 3")
    yield "face_many_corners", obj("f" + " 1" * 257)
    yield "face_before_vertices", b"f -1 -2 -3\n" + obj()


def msh(nv=4, nn=0, nt=0, nf=4, vertices=V, normals=b"", texcoords=b"", faces=F, extra=b""):
    out = struct.pack("<4i", nv, nn, nt, nf)
    out += b"".join(struct.pack("<3f", *v) for v in vertices)
    return out + normals + texcoords + b"".join(struct.pack("<3i", *f) for f in faces) + extra


def msh_files():
    good = msh()
    yield "empty", b""
    yield "header_cut", good[:15]
    yield "no_vertices", msh(nv=0, vertices=[], nf=0, faces=[])
    yield "three_vertices", msh(nv=3, vertices=V[:3], nf=0, faces=[])
    yield "vertices_negative", msh(nv=-4)
    yield "vertices_least", msh(nv=-(2**31))
    yield "vertices_too_many", msh(nv=5_000_001)
    yield "vertices_most", msh(nv=2**31 - 1)
    yield "vertices_more", msh(nv=5)
    yield "vertices_less", msh(nv=4, vertices=[*V, V[0]])
    yield "normals_negative", msh(nn=-1)
    yield "normals_less", msh(nn=3, normals=bytes(36))
    yield "normals_missing", msh(nn=4)
    yield "normals_cut", msh(nn=4, normals=bytes(47))
    yield "texcoords_negative", msh(nt=-1)
    yield "texcoords_less", msh(nt=3, texcoords=bytes(24))
    yield "texcoords_missing", msh(nt=4)
    yield "faces_negative", msh(nf=-1)
    yield "faces_least", msh(nf=-(2**31))
    yield "faces_too_many", msh(nf=5_000_001)
    yield "faces_more", msh(nf=5)
    yield "faces_less", msh(nf=3)
    yield "byte_less", good[:-1]
    yield "byte_more", msh(extra=b"\0")
    yield "nan", msh(vertices=with_first(NAN))
    yield "infinite", msh(vertices=with_first(INF))
    yield "minus_infinite", msh(vertices=with_first(-INF))
    yield "too_large", msh(vertices=with_first(1e11))
    yield "face_beyond", msh(faces=[(0, 1, 4), *F[1:]])
    yield "face_negative", msh(faces=[(0, 1, -1), *F[1:]])
    yield "face_largest", msh(faces=[(2**31 - 1, 1, 2), *F[1:]])
    yield "big_endian", struct.pack(">4i", 4, 0, 0, 4) + good[16:]
    yield "gmsh", b"$MeshFormat\n2.2 0 8\n$EndMeshFormat\n"
    yield "obj", obj("f 1 2 3")


def chunk(tag, data, crc=None, length=None):
    crc = zlib.crc32(tag + data) if crc is None else crc
    return (
        struct.pack(">I", len(data) if length is None else length)
        + tag
        + data
        + struct.pack(">I", crc)
    )


def header(width=2, height=2, depth=8, color=0, compression=0, filters=0, interlace=0):
    return struct.pack(">IIBBBBB", width, height, depth, color, compression, filters, interlace)


SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS = zlib.compress(b"\0\1\2\0\3\4")
END = chunk(b"IEND", b"")


def png(ihdr=None, middle=None, end=END, **fields):
    head = chunk(b"IHDR", header(**fields)) if ihdr is None else ihdr
    return SIGNATURE + head + (chunk(b"IDAT", PIXELS) if middle is None else middle) + end


def png_files():
    yield "empty", b""
    yield "signature_cut", SIGNATURE[:7]
    yield "signature_only", SIGNATURE
    yield "jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(20)
    yield "signature_text_mode", png().replace(b"\r\n", b"\n", 1)
    yield "no_header", SIGNATURE + chunk(b"IDAT", PIXELS) + END
    yield "header_cut", png()[:20]
    yield "header_short", png(ihdr=chunk(b"IHDR", header()[:12]))
    yield "header_crc", png(ihdr=chunk(b"IHDR", header(), crc=1))
    yield "width_zero", png(width=0)
    yield "height_zero", png(height=0)
    yield "width_one", png(width=1)
    yield "height_one", png(height=1)
    yield "bomb", png(width=60000, height=60000)
    yield "width_huge", png(width=2**31)
    yield "width_most", png(width=2**31 - 1)
    yield "columns_too_many", png(width=4097)
    yield "rows_too_many", png(height=4097)
    yield "depth_three", png(depth=3)
    yield "depth_of_colours", png(depth=4, color=2)
    yield "color_type", png(color=1)
    yield "compression", png(compression=1)
    yield "filter", png(filters=1)
    yield "interlace", png(interlace=2)
    yield "palette_missing", png(color=3)
    yield "palette_length", png(color=3, middle=chunk(b"PLTE", bytes(4)) + chunk(b"IDAT", PIXELS))
    yield "no_pixels", png(middle=b"")
    yield "pixels_cut", png()[:48]
    yield "pixels_crc", png(middle=chunk(b"IDAT", PIXELS, crc=1))
    yield "pixels_no_zlib", png(middle=chunk(b"IDAT", b"no compressed data"))
    yield "pixels_short", png(middle=chunk(b"IDAT", zlib.compress(b"\0\1\2")))
    yield "pixels_filter", png(middle=chunk(b"IDAT", zlib.compress(b"\5\1\2\0\3\4")))
    yield "chunk_long", png(middle=chunk(b"IDAT", PIXELS, length=1000))
    yield "chunk_endless", png(middle=chunk(b"IDAT", PIXELS, length=2**32 - 1))
    yield "chunk_unknown", png(middle=chunk(b"ABCD", b"") + chunk(b"IDAT", PIXELS))
    yield "end_missing", png(end=b"")


def heights(rows=2, columns=2, values=(0, 1, 2, 3), extra=b""):
    out = struct.pack("<2i", rows, columns)
    return out + b"".join(struct.pack("<f", x) for x in values) + extra


def hfield_files():
    good = heights()
    yield "empty", b""
    yield "header_cut", good[:7]
    yield "header_only", good[:8]
    yield "rows_zero", heights(rows=0, values=())
    yield "rows_one", heights(rows=1, values=(0, 1))
    yield "rows_negative", heights(rows=-2)
    yield "rows_least", heights(rows=-(2**31))
    yield "rows_too_many", heights(rows=4097)
    yield "rows_most", heights(rows=2**31 - 1)
    yield "columns_zero", heights(columns=0, values=())
    yield "columns_one", heights(columns=1, values=(0, 1))
    yield "columns_negative", heights(columns=-2)
    yield "columns_too_many", heights(columns=4097)
    yield "bomb", heights(rows=60000, columns=60000)
    yield "product_wraps", heights(rows=65536, columns=65536)
    yield "byte_less", good[:-1]
    yield "byte_more", heights(extra=b"\0")
    yield "number_less", heights(values=(0, 1, 2))
    yield "number_more", heights(values=(0, 1, 2, 3, 4))
    yield "nan", heights(values=(0, 1, 2, NAN))
    yield "infinite", heights(values=(0, 1, 2, INF))
    yield "minus_infinite", heights(values=(0, -INF, 2, 3))
    yield "too_large", heights(values=(0, 1, 2, 1e11))
    yield "big_endian", struct.pack(">2i", 2, 2) + good[8:]
    yield "png", png()
    yield "text", b"2 2\n0 1\n2 3\n"


if __name__ == "__main__":
    for folder, files in (
        ("stl", stl_files),
        ("obj", obj_files),
        ("msh", msh_files),
        ("png", png_files),
        ("hfield", hfield_files),
    ):
        (HERE / folder).mkdir(exist_ok=True)
        for name, content in files():
            (HERE / folder / f"{name}.{folder}").write_bytes(content)
