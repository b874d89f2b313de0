"""A whole dvc.lock, for the tests of half ones."""

ENTRY = """\
  {name}:
    cmd: exec unirain run {name}
    deps:
    - path: data/raw
      hash: md5
      md5: 0123456789abcdef0123456789abcdef.dir
      size: 1200
      nfiles: 3
    params:
      params.yaml:
        rain_types:
        - drs
        - drd
    outs:
    - path: data/{name}
      hash: md5
      md5: fedcba9876543210fedcba9876543210.dir
      size: 4400
      nfiles: 12
    - path: reports/{name}.json
      hash: md5
      md5: 00112233445566778899aabbccddeeff
      size: 77
"""
WHOLE = "schema: '2.0'\nstages:\n" + ENTRY.format(name="votes") + ENTRY.format(name="split")
