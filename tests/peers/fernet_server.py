"""The guide's exercise: decrypts what arrives, and answers in capital letters, encrypted."""

from cryptography.fernet import Fernet

from endpoint import arguments, listening, say

given = arguments(__doc__, ("key", {"help": "file with a key"}))
with open(given.key, encoding="ascii") as file:
    fernet = Fernet(file.read().strip())
sock = listening(given.address, datagram=True)
sock.settimeout(None)
while True:
    token, sender = sock.recvfrom(65_535)
    message = fernet.decrypt(token, ttl=60)
    say("Decrypted:", message.decode())
    sock.sendto(fernet.encrypt(message.upper()), sender)
