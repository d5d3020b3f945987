from sortie_client.cli import main

main()
