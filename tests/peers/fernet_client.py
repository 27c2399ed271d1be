"""The guide's exercise: encrypts a message with the key in a file, and decrypts the answer."""

from cryptography.fernet import Fernet

from endpoint import arguments, dialled, say

given = arguments(__doc__, ("key", {"help": "file with a key"}))
with open(given.key, encoding="ascii") as file:
    fernet = Fernet(file.read().strip())
with dialled(given.address, datagram=True) as sock:
    for word in given.words:
        sock.send(fernet.encrypt(word.encode()))
        say("Answer:", fernet.decrypt(sock.recv(65_535), ttl=60).decode())
