"""Who may watch from other machines: keys of the publisher and of its clients (CURVE, ZeroMQ's).

    FOLDER/                 --curve FOLDER of launch.py; only its owner may read it
    ├── publisher.json      the publisher's secret key
    └── clients/
        └── alice.json      a client's public key: alice may watch, as long as this is here

    alice.key.json          what alice's client needs: --curve FILE of the client

folder.py    the folder: `KeyFolder`          client_key.py  the client's file: `ClientKey`
sockets.py   both ends of an encrypted connection
__main__.py  `python -m realtime.keys new|list|revoke`
"""

from realtime.keys.client_key import ClientKey
from realtime.keys.folder import KeyFolder

__all__ = ["ClientKey", "KeyFolder"]
